/** How facets count. */
import assert from 'node:assert/strict';
import {
  at,
  crash,
  query,
  rejects,
  SEARCH_FIELDS,
  type SearchCase,
  type SearchStore,
  saveAll,
} from './search-inputs.ts';

async function saved(
  store: SearchStore,
  variants: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  await store.applyFields(SEARCH_FIELDS);
  await saveAll(
    store,
    variants.map((fields) => crash(at(1), fields)),
  );
}

export function facetCases(test: SearchCase): void {
  terms(test);
  nesting(test);
  histograms(test);
}

function terms(test: SearchCase): void {
  test('the most frequent first, ties in order, missing in none', async (store) => {
    await saved(store, [
      { product: 'b' },
      { product: 'b' },
      { product: 'c' },
      { product: 'a' },
      { product: '' },
      {},
    ]);
    const { facets, total } = await store.search(query({ facets: [{ field: 'product' }], limit: 0 }));
    assert.equal(total.count, 6);
    assert.deepEqual(facets, {
      product: [
        { term: 'b', count: 2 },
        { term: '', count: 1 },
        { term: 'a', count: 1 },
        { term: 'c', count: 1 },
      ],
    });
  });

  test('only of what the query finds, no more than size', async (store) => {
    await saved(store, [
      { product: 'a', uptime: 1 },
      { product: 'b', uptime: 2 },
      { product: 'c', uptime: 3 },
    ]);
    const filters = [{ field: 'uptime', operator: 'gte' as const, values: ['2'] }];
    const one = await store.search(query({ filters, facets: [{ field: 'product', size: 1 }] }));
    assert.deepEqual(one.facets, { product: [{ term: 'b', count: 1 }] });
    const none = await store.search(query({ facets: [{ field: 'product', size: 0 }] }));
    assert.deepEqual(none.facets, { product: [] });
  });

  test('of each type: numbers, booleans, dates, lists', async (store) => {
    await saved(store, [
      { uptime: 5, startup_crash: true, failed_rules: [{ rule: 'a' }, { rule: 'b' }, { rule: 'a' }] },
      { uptime: 5, startup_crash: true, failed_rules: [{ rule: 'b' }] },
      { memory: { total: 1.5 }, startup_crash: false, client_crash_date: '2026-11-20T01:02:03Z' },
    ]);
    const fields = ['uptime', 'memory', 'startup_crash', 'client_crash_date', 'failed_rules'];
    const { facets } = await store.search(query({ facets: fields.map((field) => ({ field })) }));
    assert.deepEqual(facets, {
      uptime: [{ term: '5', count: 2 }],
      memory: [{ term: '1.5', count: 1 }],
      startup_crash: [
        { term: 'true', count: 2 },
        { term: 'false', count: 1 },
      ],
      client_crash_date: [{ term: '2026-11-20T01:02:03.000Z', count: 1 }],
      failed_rules: [
        { term: 'b', count: 2 },
        { term: 'a', count: 1 },
      ],
    });
  });

  test('on a field that does not exist: refused, at any depth', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const facets = [{ field: 'product', by: [{ field: 'colour' }] }];
    await rejects(store.search(query({ facets })), 'invalid', /unknown field: colour/);
  });
}

function nesting(test: SearchCase): void {
  test('signature by product by version, each with its own sizes', async (store) => {
    await saved(store, [
      { signature: 's', product: 'a', version: '1' },
      { signature: 's', product: 'a', version: '2' },
      { signature: 's', product: 'a', version: '2' },
      { signature: 's', product: 'b', version: '1' },
      { signature: 't', product: 'b', version: '1' },
      { signature: 'u' },
    ]);
    const facets = [
      {
        field: 'signature',
        size: 3,
        by: [
          { field: 'product', size: 1, by: [{ field: 'version' }] },
          { field: 'version', size: 1 },
        ],
      },
    ];
    const result = await store.search(query({ facets }));
    assert.deepEqual(result.facets, {
      signature: [
        {
          term: 's',
          count: 4,
          facets: {
            product: [
              {
                term: 'a',
                count: 3,
                facets: {
                  version: [
                    { term: '2', count: 2 },
                    { term: '1', count: 1 },
                  ],
                },
              },
            ],
            version: [{ term: '1', count: 2 }],
          },
        },
        {
          term: 't',
          count: 1,
          facets: {
            product: [{ term: 'b', count: 1, facets: { version: [{ term: '1', count: 1 }] } }],
            version: [{ term: '1', count: 1 }],
          },
        },
        { term: 'u', count: 1, facets: { product: [], version: [] } },
      ],
    });
  });

  test('below a value with quotes, below many values', async (store) => {
    const odd = ["'", '"', '\\', '%', '$[0]', 'ü\u2028', '[1]'];
    await saved(store, [
      ...odd.map((signature) => ({ signature, product: 'p' })),
      ...Array.from({ length: 300 }, (_, i) => ({ signature: `s${i}`, product: 'p' })),
    ]);
    const facets = [{ field: 'signature', size: 1000, by: [{ field: 'product' }] }];
    const { signature = [] } = (await store.search(query({ facets }))).facets;
    assert.equal(signature.length, 307);
    for (const bucket of signature) {
      assert.deepEqual(bucket.facets, { product: [{ term: 'p', count: 1 }] }, bucket.term);
    }
  });
}

function histograms(test: SearchCase): void {
  test('dates by hour, day and week (from Monday), in order and without empty bars', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    // 2026-11-20 is a Friday, the 23rd a Monday.
    const times = ['20T00:59:59.999', '20T01:00:00.000', '22T23:59:59.999', '23T00:00:00.000'];
    const crashes = times.map((time) => crash(new Date(`2026-11-${time}Z`)));
    await saveAll(store, crashes);
    const bars = async (interval: 'hour' | 'day' | 'week') => {
      const facets = [{ field: 'date', interval }];
      const result = await store.search(query({ to: new Date('2026-12-01T00:00:00Z'), facets }));
      return result.facets['date'];
    };
    const bar = (day: string, count: number) => ({ term: `2026-11-${day}:00:00.000Z`, count });
    assert.deepEqual(await bars('hour'), [
      bar('20T00', 1),
      bar('20T01', 1),
      bar('22T23', 1),
      bar('23T00', 1),
    ]);
    assert.deepEqual(await bars('day'), [bar('20T00', 2), bar('22T00', 1), bar('23T00', 1)]);
    assert.deepEqual(await bars('week'), [bar('16T00', 3), bar('23T00', 1)]);
  });

  test('numbers by an interval, below zero too', async (store) => {
    await saved(store, [{ uptime: -1 }, { uptime: 0 }, { uptime: 59 }, { uptime: 60 }, {}]);
    const { facets } = await store.search(query({ facets: [{ field: 'uptime', interval: 60 }] }));
    assert.deepEqual(facets['uptime'], [
      { term: '-60', count: 1 },
      { term: '0', count: 2 },
      { term: '60', count: 1 },
    ]);
  });

  test('an interval that does not fit the field is refused', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const by = (field: string, interval: 'day' | number) =>
      store.search(query({ facets: [{ field, interval }] }));
    await rejects(by('signature', 'day'), 'invalid', /signature: no histogram/);
    await rejects(by('uptime', 'day'), 'invalid', /uptime: no histogram/);
    await rejects(by('date', 5), 'invalid', /date: no histogram/);
    await rejects(by('uptime', 0), 'invalid', /uptime: no histogram/);
  });
}
