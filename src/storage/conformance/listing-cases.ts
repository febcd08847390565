import assert from 'node:assert/strict';
import { mapConcurrent } from '../../lib/concurrency.ts';
import { type CrashId, createCrashId } from '../../model/crash-id.ts';
import type { FullStore } from '../contract.ts';
import type { Case, StorageHarness } from './harness.ts';
import { bytesOf, collect, DAY, idOn, processedCrash, rawCrash, report, textDump } from './inputs.ts';

const NEXT_DAY = '2026-11-22';

const save = (store: FullStore, id: CrashId): Promise<void> =>
  store.saveReport(report(rawCrash({ ProductName: 'Sample' }, id), textDump('core', id)));

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of cases, as in test/
export function listingCases(test: Case, harness: StorageHarness): void {
  const count = harness.listed ?? 1500;
  const listing = { needs: ['report.write', 'list'] } as const;

  test(`${count} ids over a day's border, each on its own day and none twice`, {
    ...listing,
    timeoutMs: 300_000,
  }, async ({ store }) => {
    // The id says the day, in UTC; a second before and after midnight are two days. One has more than 1,000: a page of S3.
    const ids = Array.from({ length: count }, (_, i) =>
      createCrashId(new Date(i % 10 === 0 ? `${NEXT_DAY}T00:00:00Z` : `${DAY}T23:59:59.999Z`)),
    );
    await mapConcurrent(ids, 16, (id) => save(store, id));
    for (const day of [DAY, NEXT_DAY]) {
      const listed = await collect(store.list(day));
      assert.equal(new Set(listed).size, listed.length, 'an id came twice');
      const expected = ids.filter((id) => id.endsWith(day.slice(2).replaceAll('-', '')));
      assert.deepEqual(listed.sort(), expected.sort());
    }
  });

  test('none twice and none missing while others are written', listing, async ({ store }) => {
    const old = Array.from({ length: 60 }, () => idOn(DAY));
    await mapConcurrent(old, 16, (id) => save(store, id));
    const added = Array.from({ length: 60 }, () => idOn(DAY));
    const [listed] = await Promise.all([
      collect(store.list(DAY)),
      mapConcurrent(added, 16, (id) => save(store, id)),
    ]);
    assert.equal(new Set(listed).size, listed.length);
    for (const id of old) assert.ok(listed.includes(id), `${id} is missing`);
  });

  test('an empty day, and a day that is none', { needs: ['list'] }, async ({ store }) => {
    assert.deepEqual(await collect(store.list('2001-01-01')), []);
    for (const day of ['20261121', '2026-02-30', '../2026', '']) {
      await assert.rejects(collect(store.list(day)), { code: 'invalid' });
    }
  });

  test('stopping a list early is no leak', listing, async ({ store }) => {
    await mapConcurrent(
      Array.from({ length: 20 }, () => idOn(DAY)),
      16,
      (id) => save(store, id),
    );
    for await (const id of store.list(DAY)) {
      assert.ok(id);
      break;
    }
    await store.close();
  });

  test('remove: true, then false, everything of that crash and nothing else', {
    needs: ['report.write', 'remove'],
    reads: ['raw.read', 'dumps.read'],
  }, async ({ store, reader, opened }) => {
    const [gone, kept] = [rawCrash(), rawCrash()];
    assert.equal(await store.remove(gone.id), false);
    for (const raw of [gone, kept]) {
      await store.saveReport(report(raw, textDump('core', 'x'), textDump('a/b', 'y')));
      if (store.capabilities.has('processed.write')) await store.saveProcessed(raw, processedCrash(raw.id));
    }
    assert.deepEqual(await reader.readRaw(gone.id), gone);
    assert.equal((await reader.readDump(gone.id, 'core')).size, 1);
    assert.equal(await store.remove(gone.id), true);
    assert.equal(await store.remove(gone.id), false);
    await assert.rejects(reader.readRaw(gone.id), { code: 'not_found' });
    await assert.rejects(reader.listDumps(gone.id), { code: 'not_found' });
    await assert.rejects(reader.readDump(gone.id, 'core'), { code: 'not_found' });
    if (reader.capabilities.has('processed.read'))
      await assert.rejects(reader.readProcessed(gone.id), { code: 'not_found' });
    if (store.capabilities.has('list')) assert.deepEqual(await collect(store.list(DAY)), [kept.id]);
    if (opened.leftovers) assert.deepEqual(await opened.leftovers(), []);
    assert.deepEqual(await reader.readRaw(kept.id), kept);
    assert.equal((await bytesOf(await reader.readDump(kept.id, 'a/b'))).toString(), 'y');
    await store.saveReport(report(gone));
    assert.deepEqual(await reader.listDumps(gone.id), []);
  });

  test('remove: a crash of which only the processed part is there', {
    needs: ['processed.write', 'remove'],
    reads: ['processed.read'],
  }, async ({ store, reader }) => {
    const raw = rawCrash();
    await store.saveProcessed(raw, processedCrash(raw.id));
    assert.equal(await store.remove(raw.id), true);
    await assert.rejects(reader.readProcessed(raw.id), { code: 'not_found' });
    assert.equal(await store.remove(raw.id), false);
  });
}
