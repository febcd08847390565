import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import { publicField } from '../../src/search/fields.ts';
import { collect, processedCrash, rawCrash, report } from '../../src/storage/conformance/inputs.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';

const ALWAYS = { from: new Date('2000-01-01'), to: new Date('2100-01-01'), filters: [] } as const;

let path: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-sqlite-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  path = join(folder, 'crashes.db');
});

async function opened(): Promise<SqliteStorage> {
  const store = await SqliteStorage.open('crashes', { file: path });
  onTestFinished(() => store.close());
  return store;
}

describe('numbers larger than 2^53', () => {
  it('in a list are counted and found like others', async () => {
    const store = await opened();
    await store.applyFields([
      publicField('sizes', 'integer', 'Sizes.', { many: true }),
      publicField('size', 'integer', 'Size.'),
    ]);
    const raw = rawCrash();
    const sizes = [2 ** 53 + 2, 2 ** 62, '9223372036854775807', 1e300];
    await store.saveProcessed(raw, processedCrash(raw.id, { sizes, size: 2 ** 62 }));
    const kept = [2 ** 53 + 2, 2 ** 62, 2 ** 63, 1e300];
    const { hits, facets } = await store.search({
      ...ALWAYS,
      filters: [{ field: 'sizes', operator: 'is', values: [String(2 ** 62)] }],
      columns: ['sizes'],
      facets: [
        { field: 'sizes', by: [{ field: 'sizes' }] },
        { field: 'size', by: [{ field: 'sizes' }] },
      ],
    });
    expect(hits).toEqual([{ sizes: kept }]);
    expect(facets['sizes']?.map(({ term }) => Number(term))).toEqual(kept);
    const buckets = [...(facets['sizes'] ?? []), ...(facets['size'] ?? [])];
    expect(buckets.map((bucket) => bucket.facets?.['sizes']?.length)).toEqual([4, 4, 4, 4, 4]);
  });
});

describe('a filter of very many values', () => {
  it('finds what has any of them', async () => {
    const store = await opened();
    await store.applyFields([
      publicField('signature', 'keyword', 'Signature.'),
      publicField('words', 'keyword', 'Words.', { many: true }),
    ]);
    const raw = rawCrash();
    await store.saveProcessed(raw, processedCrash(raw.id, { signature: 's4999', words: ['s4998'] }));
    const values = Array.from({ length: 5000 }, (_, i) => `s${i}`);
    for (const field of ['signature', 'words']) {
      const filters = [{ field, operator: 'is' as const, values }];
      expect((await store.search({ ...ALWAYS, filters, columns: [] })).total.count, field).toBe(1);
    }
  });
});

describe('fields that another process has applied meanwhile', () => {
  const colour = (path: string) => publicField('colour', 'keyword', 'Colour.', { path });
  const shown = async (store: SqliteStorage) =>
    (await store.search({ ...ALWAYS, columns: ['colour'] })).hits.map((hit) => hit['colour']);

  it('are filled by a process that was there before', async () => {
    const [before, after] = [await opened(), await opened()];
    await after.applyFields([colour('colour')]);
    const raw = rawCrash();
    await before.saveProcessed(raw, processedCrash(raw.id, { colour: 'red' }));
    expect(await shown(after)).toEqual(['red']);
    await after.applyFields([colour('paint')]);
    await before.saveProcessed(raw, processedCrash(raw.id, { colour: 'red', paint: 'green' }));
    expect(await shown(after)).toEqual(['green']);
  });

  it('do not keep what an earlier run of the crash had', async () => {
    const [before, after] = [await opened(), await opened()];
    await after.applyFields([colour('colour')]);
    const raw = rawCrash();
    await after.saveProcessed(raw, processedCrash(raw.id, { colour: 'red' }));
    await before.saveProcessed(raw, processedCrash(raw.id, {}));
    expect(await shown(after)).toEqual([null]);
  });
});

describe('dropBefore', () => {
  it('goes by the day in the id where the time of receipt is no time', async () => {
    const store = await opened();
    const raws = ['', 'never', '2026-11-21T01:00:00+02:00'].map((receivedAt, i) => ({
      ...rawCrash({}, `0000000${i}-0000-4000-8000-000000261121` as CrashId),
      receivedAt,
    }));
    for (const raw of raws) await store.saveReport(report(raw));
    expect(await store.dropBefore('2026-11-20')).toEqual([]);
    expect(await collect(store.list('2026-11-21'))).toEqual(raws.map((raw) => raw.id));
    expect(await store.dropBefore('2026-11-21')).toEqual(['2026-11-20']);
    expect(await store.dropBefore('2026-11-22')).toEqual(['2026-11-21']);
  });
});
