import { describe, expect, it } from 'vitest';
import { processedCrash, rawCrash, report, textDump } from '../../../src/storage/conformance/inputs.ts';
import { createFallback } from '../../../src/storage/containers/fallback/fallback.ts';
import type { FullStore, Store } from '../../../src/storage/contract.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import nullBackend from '../../../src/storage/null/index.ts';
import type { Receipt } from '../../../src/storage/transfer/receipt.ts';
import { drainRun } from '../../../src/storage/transfer/transfers.ts';
import { leafContext } from '../../build/leaf.ts';
import { memory, switched } from '../stores.ts';
import { type Bench, fill, identity, idsOf, newBench, only } from './transfers.ts';

const drain = async (spare: Store, first: Store, at?: Bench): Promise<Receipt> =>
  drainRun(identity('drain'), spare, first, at ?? (await newBench())).run({});

describe('store drain', () => {
  it('brings back what went to the spare while the first was down, and empties the spare', async () => {
    const [first, spare] = [switched('first'), memory('spare')];
    const both = createFallback('both', [first.store, spare], { pauseMs: 1, maxPauseMs: 2 }) as FullStore;
    first.code = 'unavailable';
    const raws = await fill(both, 12);
    first.code = undefined;
    expect(await idsOf(spare)).toHaveLength(12);
    const receipt = await drain(spare, first.store);
    expect(receipt.counts).toMatchObject({ crashes: 12, removed: 12, differences: 0 });
    expect(await idsOf(spare)).toEqual([]);
    for (const raw of raws) {
      expect(await first.inner.readRaw(raw.id)).toEqual(raw);
      expect((await first.inner.listDumps(raw.id)).map((d) => d.name)).toEqual(['core', 'log']);
      expect((await first.inner.readProcessed(raw.id)).id).toBe(raw.id);
    }
    expect((await drain(spare, first.store)).counts).toMatchObject({ crashes: 0 });
  });

  it('writes nothing again that the first has already', async () => {
    const [spare, first] = [memory('spare'), switched('first')];
    await fill(spare, 5);
    for (const id of await idsOf(spare)) {
      const raw = await spare.readRaw(id);
      await first.inner.saveReport(
        report(raw, await spare.readDump(id, 'core'), await spare.readDump(id, 'log')),
      );
      await first.inner.saveProcessed(raw, await spare.readProcessed(id));
    }
    expect((await drain(spare, first.store)).counts).toMatchObject({ removed: 5 });
    expect(first.calls.filter((method) => method.startsWith('save'))).toEqual([]);
  });

  it('never removes what is not found whole in the first', async () => {
    const [spare, inner] = [memory('spare'), memory('first')];
    const raws = await fill(spare, 6);
    const lying = layerOver(inner, 'lying', {
      async call(call, run) {
        if (call.method === 'saveReport') {
          const [given] = call.args as readonly [ReturnType<typeof report>];
          return run({ args: [report(given.raw, textDump('core', 'short'), textDump('log', ''))] });
        }
        return run();
      },
    });
    const receipt = await drain(spare, lying);
    expect(receipt.counts).toMatchObject({ crashes: 6, removed: 0, differing: 6 });
    expect(await idsOf(spare)).toEqual(raws.map((raw) => raw.id));
  });

  it('leaves both as they are when the first has another report of that id', async () => {
    const [spare, first] = [memory('spare'), memory('first')];
    const [mine] = await fill(spare, 1);
    const theirs = rawCrash({ Other: 'x' }, mine?.id);
    await first.saveReport(report(theirs, textDump('core', 'theirs')));
    const receipt = await drain(spare, first);
    expect(receipt.differences).toMatchObject([{ part: 'raw', store: 'first', what: 'conflict' }]);
    expect(await first.readRaw(theirs.id)).toEqual(theirs);
    expect(await spare.readRaw(theirs.id)).toEqual(mine);
  });

  it('mends a report that the first has by half, and never puts an older result over a newer one', async () => {
    const [spare, first] = [memory('spare'), memory('first')];
    const [half, newer, older] = await fill(spare, 3, { processed: false });
    if (!half || !newer || !older) throw new Error('too few crashes');
    await first.saveReport(report(half, textDump('core', 'half')));
    const at = (time: string) => ({ date_processed: time, at: time });
    await spare.saveProcessed(newer, processedCrash(newer.id, at('2026-11-21T10:00:00Z')));
    await first.saveProcessed(newer, processedCrash(newer.id, at('2026-11-21T11:00:00Z')));
    await spare.saveProcessed(older, processedCrash(older.id, at('2026-11-21T12:00:00Z')));
    await first.saveProcessed(older, processedCrash(older.id, at('2026-11-21T11:00:00Z')));
    expect((await drain(spare, first)).counts).toMatchObject({ removed: 3, differences: 0 });
    expect((await first.listDumps(half.id)).map((d) => d.name)).toEqual(['core', 'log']);
    expect((await first.readProcessed(newer.id))['at']).toBe('2026-11-21T11:00:00Z');
    expect((await first.readProcessed(older.id))['at']).toBe('2026-11-21T12:00:00Z');
  });

  it('keeps what was written to the spare between the look and the removal', async () => {
    const [spare, first] = [memory('spare'), memory('first')];
    const [raw] = await fill(spare, 1);
    if (!raw) throw new Error('no crash');
    let written = false;
    const busy = layerOver(first, 'busy', {
      async call(call, run) {
        const result = await run();
        if (call.method === 'saveProcessed' && !written) {
          written = true;
          await spare.saveProcessed(raw, processedCrash(raw.id, { signature: 'just now' }));
        }
        return result;
      },
    });
    const receipt = await drain(spare, busy);
    expect(receipt.counts).toMatchObject({ removed: 0, differing: 1 });
    expect((await spare.readProcessed(raw.id)).signature).toBe('just now');
    expect((await drain(spare, busy)).counts).toMatchObject({ removed: 1 });
    expect((await first.readProcessed(raw.id)).signature).toBe('just now');
  });

  it('an outage in the middle loses nothing, and the next run does the rest', async () => {
    const [spare, first, at] = [memory('spare'), switched('first'), await newBench({ concurrency: 2 })];
    const raws = await fill(spare, 20);
    let saves = 0;
    const failing = layerOver(first.store, 'failing', {
      async call(call, run) {
        if (call.method === 'saveReport') saves += 1;
        if (saves === 9) first.code = 'timeout';
        return run();
      },
    });
    await expect(drain(spare, failing, at)).rejects.toMatchObject({ code: 'timeout' });
    first.code = undefined;
    const left = await idsOf(spare);
    expect(left.length).toBeGreaterThan(5);
    for (const { id } of raws) if (!left.includes(id)) await first.inner.readRaw(id);
    saves = 100;
    expect((await drain(spare, failing, at)).counts).toMatchObject({ removed: left.length, differences: 0 });
    expect(await idsOf(first.inner)).toEqual(raws.map((raw) => raw.id));
  });

  it('a first that takes only part of a crash gets it, and the spare keeps the crash', async () => {
    const [spare, inner] = [memory('spare'), memory('first')];
    const raws = await fill(spare, 2);
    const reports = only(inner, 'report.write', 'raw.read', 'dumps.read');
    const receipt = await drain(spare, reports);
    expect(receipt.counts).toMatchObject({ removed: 0, differing: 2 });
    expect(receipt.differences[0]).toMatchObject({ part: 'processed', why: 'only reports go there' });
    expect(await idsOf(spare)).toEqual(raws.map((raw) => raw.id));
    expect(await idsOf(inner)).toEqual(raws.map((raw) => raw.id));
  });

  it('refuses in words a first that cannot be read back, and a spare that cannot be emptied', async () => {
    const sink = await nullBackend.open({}, leafContext('sink'));
    const spare = memory('spare');
    await expect(drain(spare, sink)).rejects.toThrow(/sink: it cannot be read back, so that nothing/);
    const fixed = only(spare, 'list', 'raw.read', 'dumps.read');
    await expect(drain(fixed, memory('first'))).rejects.toThrow(/cannot be removed from it/);
  });
});
