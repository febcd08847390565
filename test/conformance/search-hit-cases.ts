/** What a hit shows, in which order, from where to where. */
import assert from 'node:assert/strict';
import {
  at,
  crash,
  idsOf,
  query,
  rejects,
  SEARCH_FIELDS,
  type SearchCase,
  type SearchStore,
  saveAll,
} from './search-inputs.ts';

/** One crash an hour; its signature is its place. */
async function hourly(
  store: SearchStore,
  variants: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  await store.applyFields(SEARCH_FIELDS);
  await saveAll(
    store,
    variants.map((fields, i) => crash(at(i), { signature: String(i), ...fields })),
  );
}

async function order(store: SearchStore, field?: string, descending = false): Promise<string> {
  const sort = field === undefined ? [] : [{ field, descending }];
  const { hits } = await store.search(query({ columns: ['signature'], sort }));
  return hits.map((hit) => String(hit['signature'])).join('');
}

export function hitCases(test: SearchCase): void {
  columns(test);
  sorting(test);
  paging(test);
}

function columns(test: SearchCase): void {
  test('keys are exactly the columns, in their types; missing is null', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const one = crash(
      at(1),
      {
        uptime: 5,
        memory: { total: 0.5 },
        startup_crash: false,
        version: '1.0',
        client_crash_date: '2026-11-20 10:00:00+02:00',
        failed_rules: [{ rule: 'a' }, { rule: 'b' }, { rule: 'a' }],
      },
      'x@y',
    );
    await saveAll(store, [one]);
    const everything = await store.search(query({ columns: SEARCH_FIELDS.map((f) => f.name) }));
    assert.deepEqual(everything.hits, [
      {
        uuid: one.raw.id,
        date: at(1).toISOString(),
        signature: 'main',
        product: null,
        version: '1.0',
        uptime: 5,
        memory: 0.5,
        startup_crash: false,
        client_crash_date: '2026-11-20T08:00:00.000Z',
        abort_message: null,
        failed_rules: ['a', 'b'],
        email: 'x@y',
        outcome: 'accepted',
      },
    ]);
    assert.deepEqual((await store.search(query({ columns: [] }))).hits, [{}]);
    await rejects(store.search(query({ columns: ['uuid', 'colour'] })), 'invalid', /unknown field: colour/);
  });

  test('a large number, a long text', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const long = 'x'.repeat(200_000);
    await saveAll(store, [
      crash(at(1), { memory: { total: 2 ** 63 }, uptime: 2 ** 53, abort_message: long }),
    ]);
    const { hits } = await store.search(query({ columns: ['memory', 'uptime', 'abort_message'] }));
    assert.deepEqual(hits, [{ memory: 2 ** 63, uptime: 2 ** 53, abort_message: long }]);
  });
}

function sorting(test: SearchCase): void {
  test('up and down, what is missing comes last either way', async (store) => {
    await hourly(store, [{ uptime: 10 }, {}, { uptime: 9 }, { uptime: 100 }]);
    assert.equal(await order(store, 'uptime'), '2031');
    assert.equal(await order(store, 'uptime', true), '3021');
  });

  test('versions in their order, booleans false first, text by its bytes', async (store) => {
    await hourly(store, [
      { version: '10.0', product: 'b', startup_crash: true },
      { version: '9.0', product: 'B', startup_crash: false },
      { version: '10.0b2', product: 'ä' },
    ]);
    assert.equal(await order(store, 'version'), '120');
    assert.equal(await order(store, 'startup_crash'), '102');
    assert.equal(await order(store, 'product'), '102');
  });

  test('without a sort and among equals: newest first', async (store) => {
    await hourly(store, [{ product: 'a' }, { product: 'a' }, { product: 'b' }]);
    assert.equal(await order(store), '210');
    assert.equal(await order(store, 'product'), '102');
    assert.equal(await order(store, 'date'), '012');
  });

  test('by several fields; a list has no order, and an unknown field none either', async (store) => {
    await hourly(store, [
      { product: 'a', uptime: 1 },
      { product: 'b', uptime: 2 },
      { product: 'a', uptime: 3 },
    ]);
    const sort = [{ field: 'product', descending: true }, { field: 'uptime' }];
    const { hits } = await store.search(query({ columns: ['signature'], sort }));
    assert.deepEqual(
      hits.map((hit) => hit['signature']),
      ['1', '0', '2'],
    );
    await rejects(order(store, 'failed_rules'), 'invalid', /failed_rules is a list/);
    await rejects(order(store, 'colour'), 'invalid', /unknown field: colour/);
  });
}

function paging(test: SearchCase): void {
  test('limit and offset cut the same order into pages; the total is of all', async (store) => {
    await hourly(
      store,
      Array.from({ length: 25 }, () => ({ product: 'same' })),
    );
    const whole = await idsOf(store, { sort: [{ field: 'product' }] });
    const pages: unknown[] = [];
    for (let offset = 0; offset < 30; offset += 10) {
      const page = query({ sort: [{ field: 'product' }], offset, limit: 10 });
      const { hits, total } = await store.search(page);
      assert.deepEqual(total, { count: 25, exact: true });
      pages.push(...hits.map((hit) => hit['uuid']));
    }
    assert.deepEqual(pages, whole);
    assert.equal((await store.search(query({ limit: 0 }))).hits.length, 0);
  });

  test('100 hits unless told otherwise; a limit that is none is refused, one too large is cut and said', async (store) => {
    await hourly(
      store,
      Array.from({ length: 120 }, () => ({})),
    );
    const to = at(1000);
    assert.equal((await store.search(query({ to }))).hits.length, 100);
    await rejects(store.search(query({ limit: -1 })), 'invalid', /limit/);
    await rejects(store.search(query({ offset: 0.5 })), 'invalid', /offset/);
    const large = await store.search(query({ to, limit: 1_000_000 }));
    assert.equal(large.hits.length, 120);
    assert.equal(large.warnings.length, 1);
    assert.deepEqual((await store.search(query({ to, limit: 5 }))).warnings, []);
  });
}
