/** Preview and re-sign over every store that can be scanned, on its real engine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { NodeDisk } from '../../../src/lib/disk.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { MovesTally } from '../../../src/processor/resign/moves.ts';
import { rescan } from '../../../src/processor/resign/rescan.ts';
import { ResignRun } from '../../../src/processor/resign/resign-run.ts';
import { Resigner } from '../../../src/processor/resign/resigner.ts';
import { FIELDS } from '../../../src/search/field-list.ts';
import { defaultRules } from '../../../src/signature/default-rules.ts';
import { GENERATOR_VERSION, SignatureGenerator } from '../../../src/signature/generator.ts';
import { parseLists } from '../../../src/signature/list-folder.ts';
import { rawCrash, report } from '../../../src/storage/conformance/inputs.ts';
import { titleOf } from '../../../src/storage/conformance/suite.ts';
import { createPoly } from '../../../src/storage/containers/poly/poly.ts';
import { type CrashStorage, can, type Store } from '../../../src/storage/contract.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { Rate } from '../../../src/storage/transfer/rate.ts';
import { crashData, newId, processedWith } from '../../app/siglists-site.ts';
import { scanStore, type TestIndex } from '../../build/elasticsearch-index.ts';
import elasticsearch from '../../conformance/storage-harnesses/elasticsearch.ts';
import postgres from '../../conformance/storage-harnesses/postgres.ts';
import sqlite from '../../conformance/storage-harnesses/sqlite.ts';

const COUNT = 45;
const period = { from: new Date('2026-11-21T00:00:00Z'), to: new Date('2026-11-22T00:00:00Z') };
const pauses = { firstMs: 1, longestMs: 1, attempts: 1 };

const old = new SignatureGenerator({ lists: await parseLists({}) });
const fresh = new SignatureGenerator({ lists: await parseLists({ irrelevant: 'wrapper' }) });

/** One that shows at once what was saved, where the engine takes its time. */
const scanned = (use: string, opened: { readonly store: Store }): CrashStorage<'scan'> =>
  (use === 'elasticsearch' ? scanStore(opened as TestIndex) : opened.store) as CrashStorage<'scan'>;

const harnesses = [...sqlite, ...postgres, ...elasticsearch].map((one) => ({ ...one, title: titleOf(one) }));

describe.each(harnesses)('$title', ({ use, missing, open }) => {
  it.skipIf(missing !== undefined)(
    `preview, a run that is stopped, one that goes on, and nothing left${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const opened = await open();
      const bucket = new MemoryStorage('bucket', { maxBytes: 1024 ** 3 });
      const folder = await mkdtemp(join(tmpdir(), 'auxilio-resign-'));
      const store = opened.store as CrashStorage<'processed.write'>;
      const scan = scanned(use, opened);
      try {
        if (can(store, 'search')) await store.applyFields(FIELDS);
        const ids = Array.from({ length: COUNT }, newId).sort();
        for (const [i, id] of ids.entries()) {
          const raw = rawCrash({}, id);
          const data = crashData(['wrapper', `app::run${i % 4}`]);
          const processed = processedWith(id, data, old, {
            date_processed: new Date(period.from.getTime() + Math.floor(i / 3)).toISOString(),
            email: 'a@example.org',
          });
          await bucket.saveReport(report(raw));
          for (const one of [bucket, store]) await one.saveProcessed(raw, processed);
        }
        const moves = new MovesTally();
        for await (const { id, before, after = '' } of rescan(scan, fresh, period))
          moves.add(id, before, after);
        expect(moves.result()).toMatchObject({ crashes: COUNT, changed: COUNT, before: 1, after: 4 });

        const run = (stop = new AbortController(), after = Number.POSITIVE_INFINITY) => {
          const destination = createPoly('poly', [bucket, store]);
          const resigner = new Resigner({
            source: bucket,
            destination,
            generator: fresh,
            rules: defaultRules,
            clock: systemClock,
            stale: 'signature',
          });
          const identity = {
            store: 'index',
            destination: 'poly(bucket, index)',
            since: 'x',
            until: null,
            lists: fresh.lists.digest,
            generator: GENERATOR_VERSION,
            stale: 'signature',
          } as const;
          return new ResignRun(
            identity,
            { scan, generator: fresh, resigner, period },
            {
              disk: new NodeDisk(),
              clock: systemClock,
              log: silentLog,
              folder,
              key: 'test',
              concurrency: 4,
              batch: 7,
              rate: new Rate(undefined),
              pauses,
              onProgress: ({ counts }) => {
                if (counts.signed >= after) stop.abort();
              },
            },
          ).run({ signal: stop.signal });
        };
        await expect(run(new AbortController(), 10)).rejects.toThrow();
        const { counts, runs } = await run();
        expect(runs).toBe(2);
        expect(counts).toMatchObject({ scanned: COUNT, failed: 0, gone: 0, withoutInput: 0 });
        expect(counts.signed + counts.already).toBe(COUNT);
        for (const [i, id] of ids.entries()) {
          const whole = await bucket.readProcessed(id);
          expect(whole).toMatchObject({ signature: `app::run${i % 4}`, email: 'a@example.org' });
          if (can(store, 'processed.read')) expect(await store.readProcessed(id)).toEqual(whole);
        }
        const again: string[] = [];
        for await (const { before, after } of rescan(scan, fresh, period))
          if (before !== after) again.push(before);
        expect(again).toEqual([]);
        expect((await run()).counts).toMatchObject({ scanned: COUNT, signed: 0, already: 0 });
      } finally {
        await rm(folder, { recursive: true, force: true });
        await bucket.close();
        await opened.dispose();
      }
    },
    120_000,
  );
});
