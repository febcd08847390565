/** A copy that is stopped, slowed down or begun twice: where it goes on. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DAY, dumpOf, rawCrash, report } from '../../../src/storage/conformance/inputs.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import { Rate } from '../../../src/storage/transfer/rate.ts';
import { copyRun } from '../../../src/storage/transfer/transfers.ts';
import { memory, switched } from '../stores.ts';
import { copy, fill, identity, idsOf, NEXT_DAY, newBench } from './transfers.ts';

describe('store copy', () => {
  it('goes on where it stopped, and counts each crash once', async () => {
    const [from, at] = [memory('from'), await newBench({ concurrency: 3 })];
    await fill(from, 40);
    await fill(from, 40, { day: NEXT_DAY });
    const whole = await copy(from, memory('to'), await newBench());
    const to = switched('to');
    let saves = 0;
    const counting = layerOver(to.store, 'counting', {
      async call(call, run) {
        if (call.method === 'saveReport') saves += 1;
        if (saves === 50) to.code = 'unavailable';
        return run();
      },
    });
    await expect(copy(from, counting, at)).rejects.toMatchObject({ code: 'unavailable' });
    to.code = undefined;
    saves = 1000;
    const receipt = await copy(from, counting, at);
    // What was in hand when it stopped is done again, and nothing else.
    expect(saves - 1000).toBeGreaterThanOrEqual(30);
    expect(saves - 1000).toBeLessThan(60);
    expect(receipt.runs).toBe(2);
    expect({ ...receipt, runs: 1 }).toMatchObject({ counts: whole.counts, digest: whole.digest });
    expect(await idsOf(to.inner, NEXT_DAY)).toEqual(await idsOf(from, NEXT_DAY));
  });

  it('another period or pair is another run', async () => {
    const [from, to, at] = [memory('from'), switched('to'), await newBench()];
    await fill(from, 5);
    to.code = 'unavailable';
    await expect(copy(from, to.store, at)).rejects.toMatchObject({ code: 'unavailable' });
    to.code = undefined;
    const other = copyRun(identity('copy', { until: DAY }), from, to.store, at);
    expect((await other.run({})).runs).toBe(1);
  });

  it('an outage that passes is waited out', async () => {
    const [from, to, at] = [memory('from'), switched('to'), await newBench()];
    await fill(from, 8);
    let failures = 0;
    const shaky = layerOver(to.store, 'shaky', {
      async call(call, run) {
        failures += 1;
        if (call.method === 'saveReport' && failures % 3 === 0)
          throw new StorageError('timeout', 'to', 'now and then');
        return run();
      },
    });
    expect((await copy(from, shaky, at)).counts).toMatchObject({ crashes: 8, differences: 0 });
  });

  it('a right that is missing stops it: it would befall every crash', async () => {
    const [from, to, at] = [memory('from'), switched('to'), await newBench()];
    await fill(from, 10);
    to.code = 'permission_denied';
    await expect(copy(from, to.store, at)).rejects.toMatchObject({ code: 'permission_denied' });
    expect(to.calls.length).toBeLessThan(10);
  });

  it('the same run twice at once is refused', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    await fill(from, 3);
    const settled = await Promise.allSettled([copy(from, to, at), copy(from, to, at)]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(settled.find((s) => s.status === 'rejected')?.reason).toMatchObject({
      name: 'AlreadyRunningError',
    });
    await copy(from, to, at);
  });

  it('stops when its signal aborts, and goes on later', async () => {
    const stop = new AbortController();
    const at = await newBench({
      concurrency: 1,
      onCrash: (_o, { tally }) => tally.counts.crashes === 5 && stop.abort(),
    });
    const [from, to] = [memory('from'), memory('to')];
    await fill(from, 20);
    const stopped = copyRun(identity('copy'), from, to, at).run({ signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect((await idsOf(to)).length).toBeLessThan(8);
    const receipt = await copyRun(identity('copy'), from, to, { ...at, onCrash: undefined }).run({});
    expect(receipt.counts.crashes).toBe(20);
  });

  it('keeps to its rate, of crashes and of bytes', async () => {
    const from = memory('from');
    await fill(from, 20);
    const slow = await newBench({ rate: new Rate({ per: 'crash', second: 50 }) });
    const start = performance.now();
    await copy(from, memory('to'), slow);
    expect(performance.now() - start).toBeGreaterThan(280);
    const big = memory('big');
    await big.saveReport(report(rawCrash(), dumpOf('core', Buffer.alloc(100_000, 1))));
    const narrow = await newBench({ rate: new Rate({ per: 'byte', second: 200_000 }) });
    const begun = performance.now();
    expect((await copy(big, memory('to'), narrow)).counts.differences).toBe(0);
    expect(performance.now() - begun).toBeGreaterThan(350);
  });

  it('a state file that is torn or of another run is not gone by', async () => {
    const [from, to, at] = [memory('from'), switched('to'), await newBench()];
    await fill(from, 5);
    to.code = 'unavailable';
    await expect(copy(from, to.store, at)).rejects.toMatchObject({ code: 'unavailable' });
    to.code = undefined;
    const [name = ''] = (await readdir(at.folder)).filter((file) => file.endsWith('.state.json'));
    await writeFile(join(at.folder, name), '{"format": 1, "ident');
    const receipt = await copy(from, to.store, at);
    expect([receipt.runs, receipt.counts.crashes]).toEqual([1, 5]);
  });
});
