import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DAY,
  idOn,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../../src/storage/conformance/inputs.ts';
import type { Store } from '../../../src/storage/contract.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import { Mover, type MoverOptions } from '../../../src/storage/transfer/mover.ts';
import { memory, switched } from '../stores.ts';
import { type Bench, clockAt, fill, idsOf, NEXT_DAY, newBench, only } from './transfers.ts';

const mover = (from: Store, to: Store, at: Bench, changes: Partial<MoverOptions> = {}): Mover =>
  new Mover(from, to, { ...at, remove: false, days: 3, everyMs: 20, ...changes });

describe('mover', () => {
  it('takes each crash once, also those that come later, and also late ones of an earlier day', async () => {
    const [from, to, at] = [memory('from'), switched('to'), await newBench()];
    await fill(from, 5);
    const first = mover(from, to.store, at);
    expect(await first.once({})).toMatchObject({ moved: 5, removed: 0, failures: [] });
    expect(await first.once({})).toMatchObject({ moved: 0 });
    await fill(from, 2);
    await fill(from, 3, { day: NEXT_DAY, processed: false });
    // As a process that was started anew.
    expect(await mover(from, to.store, at).once({})).toMatchObject({ moved: 5 });
    expect(to.calls.filter((method) => method === 'saveReport')).toHaveLength(10);
    expect(await idsOf(to.inner)).toEqual(await idsOf(from));
    expect(await idsOf(to.inner, NEXT_DAY)).toEqual(await idsOf(from, NEXT_DAY));
  });

  it('looks so many days back and not further, and forgets what is older', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    await fill(from, 1, { day: '2026-11-19' });
    await fill(from, 1, { day: '2026-11-20' });
    await mover(from, to, at).once({});
    expect(await idsOf(to, '2026-11-20')).toHaveLength(1);
    expect(await idsOf(to, '2026-11-19')).toEqual([]);
    const files = async () => (await readdir(at.folder)).filter((name) => name.endsWith('.moved'));
    expect(await files()).toEqual(['2026-11-20.moved']);
    await mover(from, to, at, { clock: clockAt('2026-11-25T00:00:00Z') }).once({});
    expect(await files()).toEqual([]);
  });

  it('takes them out of the source when it is told to, and remembers none of those', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    const raws = await fill(from, 6);
    expect(await mover(from, to, at, { remove: true }).once({})).toMatchObject({ moved: 6, removed: 6 });
    expect(await idsOf(from)).toEqual([]);
    expect(await idsOf(to)).toEqual(raws.map((raw) => raw.id));
    expect((await readdir(at.folder)).filter((name) => name.endsWith('.moved'))).toEqual([]);
  });

  it('an index gets a crash when it was processed', async () => {
    const [from, inner, at] = [memory('from'), memory('index'), await newBench()];
    const [raw] = await fill(from, 1, { processed: false });
    if (!raw) throw new Error('no crash');
    const moving = mover(from, only(inner, 'processed.write', 'processed.read'), at);
    expect(await moving.once({})).toMatchObject({ moved: 0, failures: [] });
    await from.saveProcessed(raw, processedCrash(raw.id));
    expect(await moving.once({})).toMatchObject({ moved: 1 });
    expect(await moving.once({})).toMatchObject({ moved: 0 });
  });

  it('a crash that cannot be moved is named, tried again later, and holds up no other', async () => {
    let now = Date.parse('2026-11-22T12:00:00Z');
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    const [bad] = await fill(from, 5);
    let tries = 0;
    let isBad = true;
    const broken = layerOver(from, 'broken', {
      async call(call, run) {
        if (call.method === 'readDump' && call.args[0] === bad?.id) {
          tries += 1;
          if (isBad) throw new StorageError('corrupt', 'from', 'a hash is wrong');
        }
        return run();
      },
    });
    const clock = { now: () => new Date(now) };
    const moving = mover(broken, to, at, { clock, pauses: { firstMs: 1000, longestMs: 60_000 } });
    expect(await moving.once({})).toMatchObject({ moved: 4, failures: [{ id: bad?.id, what: 'failed' }] });
    expect(await moving.once({})).toMatchObject({ moved: 0, failures: [] });
    expect(tries).toBe(1);
    now += 13_000;
    isBad = false;
    expect(await moving.once({})).toMatchObject({ moved: 1, failures: [] });
  });

  it('a torn line of its memory costs one crash moved again, and nothing else', async () => {
    const [from, to, at] = [memory('from'), switched('to'), await newBench()];
    const [first] = await fill(from, 3);
    await mover(from, to.store, at).once({});
    const file = join(at.folder, `${DAY}.moved`);
    const text = await readFile(file, 'utf8');
    expect(text.trim().split('\n').sort()).toEqual(await idsOf(from));
    await appendFile(file, `${first?.id}`.slice(0, 20));
    const late = rawCrash({}, idOn(DAY));
    await from.saveReport(report(late, textDump('core', 'x')));
    expect(await mover(from, to.store, at).once({})).toMatchObject({ moved: 1 });
    expect(await mover(from, to.store, at).once({})).toMatchObject({ moved: 0 });
  });

  it('runs until it is told to stop, and goes on after outages of either store', async () => {
    const [from, to, at] = [switched('from'), switched('to'), await newBench()];
    await fill(from.inner, 3);
    const stop = new AbortController();
    const waits = { firstMs: 5, longestMs: 20 };
    const running = mover(from.store, to.store, at, { pauses: waits }).run({ signal: stop.signal });
    const arrived = async (count: number): Promise<void> => {
      for (let i = 0; (await idsOf(to.inner)).length < count; i += 1) {
        if (i > 1000) throw new Error(`never ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await arrived(3);
    for (const [store, code] of [
      [to, 'unavailable'],
      [from, 'timeout'],
      [to, 'full'],
    ] as const) {
      const before = (await idsOf(to.inner)).length;
      store.code = code;
      await fill(from.inner, 2);
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(await idsOf(to.inner)).toHaveLength(before);
      store.code = undefined;
      await arrived(before + 2);
    }
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
  });

  it('two with one memory are refused', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    const stop = new AbortController();
    const running = mover(from, to, at).run({ signal: stop.signal });
    await expect(mover(from, to, at).once({})).rejects.toMatchObject({ name: 'AlreadyRunningError' });
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    await mover(from, to, at).once({});
  });
});
