import { describe, expect, it } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import { type AllMethods, assembleStore } from '../../src/storage/children/assemble.ts';
import { mergeSorted, unionOfIds } from '../../src/storage/children/union.ts';
import {
  collect,
  DAY,
  idOn,
  processedCrash,
  rawCrash,
  report,
} from '../../src/storage/conformance/inputs.ts';
import { createPoly } from '../../src/storage/containers/poly/poly.ts';
import { createPrimaryDeferred } from '../../src/storage/containers/primary-deferred/primary-deferred.ts';
import { createPrimaryDeferredProcessed } from '../../src/storage/containers/primary-deferred-processed/primary-deferred-processed.ts';
import { type Capability, type FullStore, METHODS, type Store } from '../../src/storage/contract.ts';
import { AggregateStorageError, type StorageError } from '../../src/storage/errors.ts';
import { memory, switched } from './stores.ts';

const full = (store: Store): FullStore => store as FullStore;

/** A store that has only these capabilities; its methods are those of `inner`, or of `more`. */
function only(inner: Store, capabilities: readonly Capability[], more: Partial<AllMethods> = {}): Store {
  const names = Object.values(METHODS).flat() as (keyof AllMethods)[];
  const bound = names.map(
    (m) => [m, (...args: never[]) => Reflect.apply(full(inner)[m], inner, args)] as const,
  );
  return assembleStore(
    {
      name: inner.name,
      use: inner.use,
      children: [],
      capabilities,
      health: (o) => inner.health(o),
      close: (o) => inner.close(o),
    },
    { ...(Object.fromEntries(bound) as unknown as AllMethods), ...more },
  );
}

describe('poly', () => {
  it('writes to every child that can, then reports all failures', async () => {
    const [a, b, c, d] = [switched('a'), switched('b'), switched('c'), switched('d')];
    a.code = 'unavailable';
    c.code = 'full';
    const poly = full(createPoly('poly', [a.store, b.store, c.store, d.store]));
    const raw = rawCrash();
    const error = await poly.saveReport(report(raw)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AggregateStorageError);
    expect((error as AggregateStorageError).errors.map((e) => (e as StorageError).code)).toEqual([
      'unavailable',
      'full',
    ]);
    expect((error as AggregateStorageError).retryable).toBe(true);
    for (const child of [b, d]) expect(await child.inner.readRaw(raw.id)).toEqual(raw);
  });

  it('reports a lone failure as it is', async () => {
    const [a, b] = [switched('a'), switched('b')];
    b.code = 'permission_denied';
    const poly = full(createPoly('poly', [a.store, b.store]));
    await expect(poly.saveReport(report(rawCrash()))).rejects.toMatchObject({
      code: 'permission_denied',
      store: 'b',
    });
  });

  it('gives each child what it can keep, and reads nothing', async () => {
    const [dumps, results] = [memory('dumps'), memory('results')];
    const poly = full(
      createPoly('poly', [only(dumps, ['report.write']), only(results, ['processed.write', 'raw.read'])]),
    );
    expect([...poly.capabilities]).toEqual(['report.write', 'processed.write']);
    const raw = rawCrash();
    await poly.saveReport(report(raw));
    await poly.saveProcessed(raw, processedCrash(raw.id));
    await expect(results.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(dumps.readProcessed(raw.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('has the search and scan of its only child that has them, and of no two', async () => {
    const id = idOn(DAY);
    const searching = only(memory('index'), ['search', 'scan'], {
      search: async () => ({ total: { count: 7, exact: true }, hits: [], facets: {}, warnings: [] }),
      scan: async function* () {
        yield { id };
      },
    });
    const poly = full(createPoly('poly', [memory('bucket'), searching]));
    expect(poly.capabilities.has('search')).toBe(true);
    const period = { from: new Date(0), to: new Date(1), columns: [] };
    expect((await poly.search({ ...period, filters: [] })).total.count).toBe(7);
    expect(await collect(poly.scan(period))).toEqual([{ id }]);
    const two = createPoly('poly', [searching, searching]);
    expect(two.capabilities.has('search') || two.capabilities.has('scan') || 'search' in two).toBe(false);
  });

  it('removes from every child and reports every failure; true when any child had something', async () => {
    const [a, b] = [switched('a'), switched('b')];
    const poly = full(createPoly('poly', [a.store, b.store]));
    const raw = rawCrash();
    await b.inner.saveReport(report(raw));
    a.code = 'unavailable';
    await expect(poly.remove(raw.id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(b.inner.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    a.code = undefined;
    await a.inner.saveReport(report(raw));
    expect(await poly.remove(raw.id)).toBe(true);
    expect(await poly.remove(raw.id)).toBe(false);
  });

  it('is healthy only when every child is', async () => {
    const [a, b] = [switched('a'), switched('b')];
    const poly = createPoly('poly', [a.store, b.store]);
    b.code = 'timeout';
    await expect(poly.health()).rejects.toMatchObject({ code: 'timeout', store: 'b' });
  });
});

describe('primary_deferred', () => {
  const when = (raw: { annotations: Readonly<Record<string, string>> }): boolean =>
    raw.annotations['Channel'] === 'nightly';

  it('splits by the condition, reports and processed crashes alike', async () => {
    const [primary, deferred] = [memory('primary'), memory('deferred')];
    const store = full(createPrimaryDeferred('split', { primary, deferred }, when));
    const [now, later] = [rawCrash({ Channel: 'release' }), rawCrash({ Channel: 'nightly' })];
    for (const raw of [now, later]) {
      await store.saveReport(report(raw));
      await store.saveProcessed(raw, processedCrash(raw.id));
    }
    expect(await collect(primary.list(DAY))).toEqual([now.id]);
    expect(await collect(deferred.list(DAY))).toEqual([later.id]);
    expect(await store.readRaw(later.id)).toEqual(later);
    expect((await store.readProcessed(later.id)).id).toBe(later.id);
    expect((await collect(store.list(DAY))).sort()).toEqual([now.id, later.id].sort());
  });

  it('reads the deferred when the primary is down, and does not say not found for it', async () => {
    const [primary, deferred] = [switched('primary'), switched('deferred')];
    const store = full(
      createPrimaryDeferred('split', { primary: primary.store, deferred: deferred.store }, when),
    );
    const later = rawCrash({ Channel: 'nightly' });
    await store.saveReport(report(later));
    primary.code = 'unavailable';
    expect(await store.readRaw(later.id)).toEqual(later);
    await expect(store.readRaw(idOn(DAY))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.health()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.remove(later.id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(deferred.inner.readRaw(later.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('keeps processed crashes in a third store, with its search, and removes from all three', async () => {
    const [primary, deferred, processed] = [memory('primary'), memory('deferred'), memory('processed')];
    const store = full(createPrimaryDeferredProcessed('split', { primary, deferred, processed }, when));
    const raw = rawCrash({ Channel: 'nightly' });
    await store.saveReport(report(raw));
    await store.saveProcessed(raw, processedCrash(raw.id));
    expect((await processed.readProcessed(raw.id)).id).toBe(raw.id);
    await expect(deferred.readProcessed(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await store.remove(raw.id)).toBe(true);
    for (const child of [primary, deferred, processed]) expect(await collect(child.list(DAY))).toEqual([]);
  });
});

describe('lists of several stores', () => {
  const listOf = (ids: readonly CrashId[]) =>
    async function* () {
      yield* ids;
    };

  it('hold no more ids than allowed and give each once', async () => {
    const ids = Array.from({ length: 5000 }, () => idOn(DAY));
    const lists = [listOf(ids.slice(0, 3000)), listOf(ids.slice(1000)), listOf([])];
    let reads = 0;
    const counted = lists.map((list) => () => {
      reads += 1;
      return list();
    });
    const all = await collect(unionOfIds('u', counted, undefined, 300));
    expect(all.length).toBe(5000);
    expect(all.toSorted()).toEqual(ids.toSorted());
    expect(reads).toBeGreaterThan(3 * 15);
  });

  it('an id that moves from one list to another meanwhile is not lost', async () => {
    const id = idOn(DAY);
    let first = true;
    const moved = async function* () {
      if (!first) yield id;
      first = false;
    };
    expect(await collect(unionOfIds('u', [moved, listOf([id])], undefined, 300))).toEqual([id]);
  });

  it('sorted keys are merged', async () => {
    const list = async function* (...keys: string[]) {
      yield* keys;
    };
    expect(await collect(mergeSorted([list('a', 'c', 'e'), list('b', 'c'), list()]))).toEqual([
      'a',
      'b',
      'c',
      'e',
    ]);
  });
});
