/** What a copy takes, what it makes of what it took, and what it refuses. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { dayOf } from '../../../src/model/crash-id.ts';
import {
  bytesOf,
  DAY,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../../src/storage/conformance/inputs.ts';
import { createPoly } from '../../../src/storage/containers/poly/poly.ts';
import type { Store } from '../../../src/storage/contract.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import { withOptional } from '../../../src/storage/layers/optional.ts';
import { withRedactor } from '../../../src/storage/layers/redactor.ts';
import nullBackend from '../../../src/storage/null/index.ts';
import { copyRun } from '../../../src/storage/transfer/transfers.ts';
import { leafContext } from '../../build/leaf.ts';
import { memory, switched } from '../stores.ts';
import { copy, fill, identity, idsOf, NEXT_DAY, newBench, only } from './transfers.ts';

describe('store copy', () => {
  it('takes every report and processed crash of the days, and no other, and compares them', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    const raws = [...(await fill(from, 30)), ...(await fill(from, 5, { day: NEXT_DAY, processed: false }))];
    await fill(from, 3, { day: '2026-11-23' });
    const receipt = await copy(from, to, at);
    expect(receipt.counts).toMatchObject({
      crashes: 35,
      reports: 35,
      dumps: 70,
      processed: 30,
      differences: 0,
      uncompared: 0,
    });
    expect(await idsOf(to, '2026-11-23')).toEqual([]);
    for (const raw of raws) {
      expect(await to.readRaw(raw.id)).toEqual(raw);
      expect((await to.listDumps(raw.id)).map((d) => d.name)).toEqual(['core', 'log']);
      expect(await bytesOf(await to.readDump(raw.id, 'core'))).toEqual(
        await bytesOf(await from.readDump(raw.id, 'core')),
      );
      if (dayOf(raw.id) === DAY)
        expect(await to.readProcessed(raw.id)).toEqual(await from.readProcessed(raw.id));
    }
  });

  it('leaves a receipt, the same digest for the same crashes, and no state', async () => {
    const from = memory('from');
    await fill(from, 20);
    const digests = new Set<string>();
    for (const concurrency of [1, 7]) {
      const at = await newBench({ concurrency });
      const run = copyRun(identity('copy'), from, memory('to'), at);
      const receipt = await run.run({});
      expect(JSON.parse(await readFile(run.receiptPath(), 'utf8'))).toEqual(receipt);
      expect((await readdir(at.folder)).filter((name) => name.endsWith('.json'))).toEqual([]);
      digests.add(receipt.digest);
    }
    expect(digests.size).toBe(1);
    await fill(from, 1);
    expect(digests).not.toContain((await copy(from, memory('to'), await newBench())).digest);
  });

  it('one crash that cannot be read or written is named, and the others go on', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    const [bad, worse] = await fill(from, 10);
    const broken = layerOver(from, 'broken', {
      async call(call, run) {
        if (call.method === 'readDump' && call.args[0] === bad?.id)
          throw new StorageError('corrupt', 'from', 'a hash is wrong');
        if (call.method === 'readRaw' && call.args[0] === worse?.id)
          throw new StorageError('not_found', 'from', 'gone');
        if (call.method === 'readProcessed' && call.args[0] === worse?.id)
          throw new StorageError('not_found', 'from', 'gone');
        return run();
      },
    });
    const receipt = await copy(broken, to, at);
    expect(receipt.counts).toMatchObject({ crashes: 10, reports: 8, differences: 2, differing: 2 });
    expect(receipt.differences).toMatchObject([
      { id: bad?.id, store: 'from', what: 'failed', why: expect.stringContaining('a hash is wrong') },
      { id: worse?.id, store: 'from', what: 'missing' },
    ]);
    expect(await idsOf(to)).toHaveLength(8);
  });

  it('a store that lies about what it wrote is found out, part by part', async () => {
    const [from, inner, at] = [memory('from'), memory('to'), await newBench()];
    const [raw] = await fill(from, 1);
    const lying = layerOver(inner, 'lying', {
      async call(call, run) {
        if (call.method === 'saveReport')
          return run({
            args: [
              report(rawCrash({ Other: 'x' }, raw?.id), textDump('core', 'other'), textDump('more', '')),
            ],
          });
        if (call.method === 'saveProcessed') return undefined;
        return run();
      },
    });
    const receipt = await copy(from, lying, at);
    expect(receipt.differences.map(({ part, what }) => [part, what])).toEqual([
      ['raw', 'different'],
      ['dump core', 'different'],
      ['dump log', 'missing'],
      ['dump more', 'extra'],
      ['processed', 'missing'],
    ]);
  });

  it('into a store with processed.write alone it indexes', async () => {
    const [from, inner, at] = [memory('from'), memory('index'), await newBench()];
    const raws = await fill(from, 6);
    await fill(from, 2, { processed: false });
    const index = only(inner, 'processed.write', 'processed.read', 'remove', 'list');
    const receipt = await copy(from, index, at);
    expect(receipt.counts).toMatchObject({ crashes: 8, reports: 0, processed: 6, differences: 0 });
    expect(receipt.notes).toEqual(['processed crashes only: index has no report.write']);
    expect(await idsOf(inner)).toEqual(raws.map((raw) => raw.id));
  });

  it('into a store that cannot be read back it says so', async () => {
    const [from, at] = [memory('from'), await newBench()];
    await fill(from, 4);
    const sink = await nullBackend.open({}, leafContext('sink'));
    const receipt = await copy(from, sink, at);
    expect(receipt.counts).toMatchObject({ reports: 4, processed: 4, uncompared: 16, differences: 0 });
    expect(receipt.notes).toEqual(['sink cannot be read back: it is not compared']);
  });

  it('compares every child of a poly that others count on, and no optional one', async () => {
    const [from, a, b, at] = [memory('from'), memory('a'), switched('b'), await newBench()];
    await fill(from, 3);
    const mirror = withOptional(b.store, { timeoutMs: 1000, log: silentLog });
    b.code = 'unavailable';
    const receipt = await copy(from, createPoly('poly(a, b)', [a, mirror]), at);
    expect(receipt.counts).toMatchObject({ crashes: 3, differences: 0, uncompared: 0 });
    expect(receipt.notes).toEqual(['b is optional: it is not compared']);
    const c = memory('c');
    const forgetful = layerOver(c, 'forgetful', {
      async call(call, run) {
        return call.method === 'saveReport' ? undefined : run();
      },
    });
    const second = await copy(from, createPoly('poly(a, c)', [a, forgetful]), await newBench());
    expect(second.differences.map(({ part, store, what }) => [part, store, what])).toEqual(
      Array.from({ length: 3 }, () => ['raw', 'c', 'missing']),
    );
  });

  it('leaves out of the comparison what a redactor drops on the way', async () => {
    const [from, inner, at] = [memory('from'), memory('index'), await newBench()];
    const [raw] = await fill(from, 1);
    if (!raw) throw new Error('no crash');
    await from.saveProcessed(raw, processedCrash(raw.id, { url: 'https://secret', kept: 1 }));
    const receipt = await copy(from, withRedactor(inner, { forbiddenKeys: ['url'] }), at);
    expect(receipt.counts).toMatchObject({ processed: 1, differences: 0 });
    expect(await inner.readProcessed(raw.id)).not.toHaveProperty('url');
  });

  it('a processed crash whose raw crash is nowhere is named', async () => {
    const [from, to, at] = [memory('from'), memory('to'), await newBench()];
    const [here, there] = [rawCrash(), rawCrash()];
    await from.saveProcessed(here, processedCrash(here.id));
    await from.saveProcessed(there, processedCrash(there.id));
    await to.saveReport(report(there));
    const receipt = await copy(from, to, at);
    expect(receipt.differences).toMatchObject([{ id: here.id, part: 'processed', what: 'failed' }]);
    expect(await to.readProcessed(there.id)).toEqual(processedCrash(there.id));
  });

  it('refuses in words what cannot be', async () => {
    const [a, b, at] = [memory('a'), memory('b'), await newBench()];
    const cases: readonly (readonly [Store, Store, RegExp])[] = [
      [only(a, 'raw.read', 'dumps.read'), b, /a: it cannot list its crashes by day/],
      [only(a, 'list', 'dumps.read'), b, /a: its raw crashes cannot be read/],
      [a, only(b, 'raw.read'), /b: it takes neither reports nor processed crashes/],
      [only(a, 'list', 'raw.read'), only(b, 'report.write'), /cannot read its dumps/],
      [only(a, 'list', 'raw.read'), only(b, 'processed.write'), /cannot read its processed crashes/],
    ];
    for (const [from, to, message] of cases) {
      expect(() => copyRun(identity('copy'), from, to, at)).toThrow(message);
      expect(() => copyRun(identity('copy'), from, to, at)).toThrow(StorageError);
    }
  });
});
