/** Fields that are added, crashes that go. */
import assert from 'node:assert/strict';
import { publicField } from '../../src/search/fields.ts';
import {
  at,
  collect,
  crash,
  idsOf,
  query,
  rejects,
  SEARCH_FIELDS,
  type SearchCase,
  saveAll,
  T0,
  T1,
} from './search-inputs.ts';

export function maintenanceCases(test: SearchCase): void {
  fields(test);
  removal(test);
}

function fields(test: SearchCase): void {
  test('applyFields twice, at the same time, and more of them later', async (store) => {
    await Promise.all(Array.from({ length: 4 }, () => store.applyFields(SEARCH_FIELDS)));
    await store.applyFields(SEARCH_FIELDS);
    await saveAll(store, [crash(at(1), { colour: 'red' })]);
    await rejects(idsOf(store, { columns: ['uuid', 'colour'] }), 'invalid', /colour/);
    await store.applyFields([...SEARCH_FIELDS, publicField('colour', 'keyword', 'Colour.')]);
    await saveAll(store, [crash(at(2), { colour: 'blue' })]);
    const { hits } = await store.search(query({ columns: ['colour', 'signature'] }));
    assert.equal(hits.length, 2);
    assert.deepEqual(hits[0], { colour: 'blue', signature: 'main' });
  });

  test('a field whose type changes: what is saved from then on is of the new type', async (store) => {
    await store.applyFields([...SEARCH_FIELDS, publicField('level', 'keyword', 'Level.')]);
    await saveAll(store, [crash(at(1), { level: 'high' })]);
    await store.applyFields([...SEARCH_FIELDS, publicField('level', 'integer', 'Level.')]);
    await saveAll(store, [crash(at(2), { level: 7 })]);
    const filters = [{ field: 'level', operator: 'gt' as const, values: ['6'] }];
    const { hits } = await store.search(query({ columns: ['level'], filters }));
    assert.deepEqual(hits, [{ level: 7 }]);
  });

  test('names that are no names are refused', async (store) => {
    for (const name of ['', 'a b', 'x"; drop table crash; --', 'Ab']) {
      await rejects(store.applyFields([publicField(name, 'keyword', '')]), 'invalid', /./);
    }
  });
}

function removal(test: SearchCase): void {
  test('a crash that is saved again is found as it is now, and once', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const one = crash(at(1), { signature: 'old', product: 'p' });
    await saveAll(store, [one]);
    await saveAll(store, [crash(at(1), { signature: 'new' }, undefined, one.raw.id)]);
    const { hits } = await store.search(query({ columns: ['signature', 'product'] }));
    assert.deepEqual(hits, [{ signature: 'new', product: null }]);
  });

  test('a crash that is saved again with another date is in that period, and once', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const one = crash(at(1));
    await saveAll(store, [one]);
    await saveAll(store, [crash(at(10), {}, undefined, one.raw.id)]);
    const found = async (from: number, to: number) => {
      const { hits } = await store.search(query({ from: at(from), to: at(to) }));
      return hits.length;
    };
    assert.deepEqual([await found(0, 5), await found(5, 15)], [0, 1]);
    const rows = await collect(store.scan({ from: T0, to: T1, columns: ['date'] }));
    assert.deepEqual(rows, [{ id: one.raw.id, date: at(10).toISOString() }]);
  });

  test('what is removed is not found, counted or scanned', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const [kept, gone] = [crash(at(1)), crash(at(2))];
    await saveAll(store, [kept, gone]);
    assert.equal(await store.remove(gone.raw.id), true);
    const result = await store.search(query({ facets: [{ field: 'signature' }] }));
    assert.deepEqual(result.hits, [{ uuid: kept.raw.id }]);
    assert.equal(result.total.count, 1);
    assert.deepEqual(result.facets, { signature: [{ term: 'main', count: 1 }] });
    const rows = await collect(store.scan({ from: T0, to: T1, columns: [] }));
    assert.deepEqual(rows, [{ id: kept.raw.id }]);
  });

  test('dropBefore: whole days, their names, and nothing of the day itself', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const crashes = [-25, -24, -1, 0, 23, 24].map((h) => crash(at(h)));
    await saveAll(store, crashes);
    const dropped = await store.dropBefore('2026-11-20');
    assert.ok(dropped.length > 0);
    const rows = await collect(store.scan({ from: new Date(0), to: T1, columns: ['date'] }));
    assert.deepEqual(
      rows.map((row) => row['date']),
      [0, 23, 24].map((h) => at(h).toISOString()),
    );
    assert.deepEqual(await store.dropBefore('2026-11-20'), []);
    await rejects(store.dropBefore('yesterday'), 'invalid', /YYYY-MM-DD/);
  });
}
