/** Which crashes a filter finds. */
import assert from 'node:assert/strict';
import type { Filter } from '../../src/search/query.ts';
import {
  at,
  type Crash,
  crash,
  idsOf,
  query,
  rejects,
  SEARCH_FIELDS,
  type SearchCase,
  type SearchStore,
  saveAll,
  T0,
  T1,
} from './search-inputs.ts';

/** Saves one crash for each set of fields; answers with the places of those that the filters find. */
async function found(
  store: SearchStore,
  variants: readonly Readonly<Record<string, unknown>>[],
  ...filters: readonly Filter[]
): Promise<readonly number[]> {
  const ids = await prepared(store, variants);
  return placesOf(store, ids, filters);
}

async function prepared(store: SearchStore, variants: readonly Readonly<Record<string, unknown>>[]) {
  await store.applyFields(SEARCH_FIELDS);
  const crashes: readonly Crash[] = variants.map(({ email, ...fields }) =>
    crash(at(1), fields, email as string | undefined),
  );
  await saveAll(store, crashes);
  return crashes.map(({ raw }) => raw.id as string);
}

async function placesOf(store: SearchStore, ids: readonly string[], filters: readonly Filter[]) {
  const hits = await idsOf(store, { filters });
  return hits.map((id) => ids.indexOf(String(id))).sort((a, b) => a - b);
}

export function filterCases(test: SearchCase): void {
  equality(test);
  combination(test);
  comparison(test);
  textual(test);
  refusal(test);
}

function equality(test: SearchCase): void {
  test('is: the very value, of each type', async (store) => {
    const ids = await prepared(store, [
      {
        signature: 'a',
        uptime: 5,
        memory: { total: 0.5 },
        startup_crash: true,
        version: '1.0',
        email: 'x@y',
      },
      {
        signature: 'A',
        uptime: 50,
        memory: { total: 5 },
        startup_crash: false,
        version: '1.00',
        email: 'X@y',
      },
      { signature: 'a ', client_crash_date: '2026-11-20T10:00:00+02:00', failed_rules: [{ rule: 'os' }] },
    ]);
    const is = (field: string, ...values: string[]) =>
      placesOf(store, ids, [{ field, operator: 'is', values }]);
    assert.deepEqual(await is('signature', 'a'), [0]);
    assert.deepEqual(await is('signature', 'a', 'A'), [0, 1]);
    assert.deepEqual(await is('uptime', '5'), [0]);
    assert.deepEqual(await is('memory', '0.5'), [0]);
    assert.deepEqual(await is('startup_crash', 'true'), [0]);
    assert.deepEqual(await is('startup_crash', 'no'), [1]);
    assert.deepEqual(await is('version', '1.0'), [0]);
    assert.deepEqual(await is('email', 'x@y'), [0]);
    assert.deepEqual(await is('client_crash_date', '2026-11-20T08:00:00Z'), [2]);
    assert.deepEqual(await is('failed_rules', 'os'), [2]);
    assert.deepEqual(await is('outcome', 'accepted'), [0, 1, 2]);
    assert.deepEqual(await is('uuid', ids[1] ?? ''), [1]);
  });

  test('has_terms: case of ASCII aside; of a text every word', async (store) => {
    const ids = await prepared(store, [
      { signature: 'Main', abort_message: 'Cannot open: file-name.txt' },
      { signature: 'main()', abort_message: 'cannot OPEN' },
      { signature: 'MAIN', uptime: 3 },
    ]);
    const has = (field: string, ...values: string[]) =>
      placesOf(store, ids, [{ field, operator: 'has_terms', values }]);
    assert.deepEqual(await has('signature', 'main'), [0, 2]);
    assert.deepEqual(await has('abort_message', 'open cannot'), [0, 1]);
    assert.deepEqual(await has('abort_message', 'file name'), [0]);
    assert.deepEqual(await has('abort_message', 'op'), []);
    assert.deepEqual(await has('uptime', '3'), [2]);
  });

  test('exists: an empty text is a value, null and an empty list are none', async (store) => {
    const exists: Filter = { field: 'product', operator: 'exists', values: [] };
    const variants = [{ product: 'a' }, { product: '' }, { product: null }, {}];
    assert.deepEqual(await found(store, variants, exists), [0, 1]);
    const lists = [{ failed_rules: [{ rule: 'a' }] }, { failed_rules: [] }, {}];
    const rules: Filter = { field: 'failed_rules', operator: 'exists', values: [] };
    assert.deepEqual(await found(store, lists, rules), [0]);
  });

  test('a value of the wrong type is no value', async (store) => {
    const exists: Filter = { field: 'uptime', operator: 'exists', values: [] };
    const variants = [{ uptime: 'soon' }, { uptime: 1.5 }, { uptime: {} }, { uptime: '7' }];
    assert.deepEqual(await found(store, variants, exists), [3]);
  });
}

function combination(test: SearchCase): void {
  const variants = [
    { product: 'a', version: '1' },
    { product: 'a', version: '2' },
    { product: 'b', version: '1' },
    { version: '3' },
  ];
  const product = (value: string): Filter => ({ field: 'product', operator: 'is', values: [value] });
  const version = (value: string): Filter => ({ field: 'version', operator: 'is', values: [value] });
  const not = (filter: Filter): Filter => ({ ...filter, not: true });

  test('filters on one field are OR-ed, different fields AND-ed', async (store) => {
    const ids = await prepared(store, variants);
    assert.deepEqual(await placesOf(store, ids, [product('a'), product('b')]), [0, 1, 2]);
    assert.deepEqual(await placesOf(store, ids, [product('a'), version('1')]), [0]);
    assert.deepEqual(await placesOf(store, ids, [product('a'), version('1'), product('b')]), [0, 2]);
  });

  test('a negated filter finds crashes without a value; two on one field are OR-ed', async (store) => {
    const ids = await prepared(store, variants);
    assert.deepEqual(await placesOf(store, ids, [not(product('a'))]), [2, 3]);
    assert.deepEqual(await placesOf(store, ids, [not(product('a')), not(product('b'))]), [0, 1, 2, 3]);
    assert.deepEqual(
      await placesOf(store, ids, [{ field: 'product', operator: 'is', values: ['a', 'b'], not: true }]),
      [3],
    );
    assert.deepEqual(
      await placesOf(store, ids, [{ field: 'product', operator: 'exists', values: [], not: true }]),
      [3],
    );
  });

  test('of a list one element is enough, and negation is of all', async (store) => {
    const lists = [
      { failed_rules: [{ rule: 'a' }, { rule: 'b' }] },
      { failed_rules: [{ rule: 'b' }] },
      { failed_rules: [] },
    ];
    const ids = await prepared(store, lists);
    const rule: Filter = { field: 'failed_rules', operator: 'is', values: ['a'] };
    assert.deepEqual(await placesOf(store, ids, [rule]), [0]);
    assert.deepEqual(await placesOf(store, ids, [not(rule)]), [1, 2]);
    assert.deepEqual(await placesOf(store, ids, [{ ...rule, operator: 'contains', values: ['b'] }]), [0, 1]);
  });
}

function comparison(test: SearchCase): void {
  const range = (field: string, operator: Filter['operator'], value: string): Filter => ({
    field,
    operator,
    values: [value],
  });

  test('ranges of one field all hold', async (store) => {
    const ids = await prepared(store, [{ uptime: 1 }, { uptime: 10 }, { uptime: 60 }, {}]);
    const uptime = (operator: Filter['operator'], value: string) => range('uptime', operator, value);
    assert.deepEqual(await placesOf(store, ids, [uptime('gte', '10'), uptime('lt', '60')]), [1]);
    assert.deepEqual(await placesOf(store, ids, [uptime('gt', '10')]), [2]);
    assert.deepEqual(await placesOf(store, ids, [uptime('lte', '10')]), [0, 1]);
    assert.deepEqual(await placesOf(store, ids, [{ ...uptime('lte', '10'), not: true }]), [2, 3]);
  });

  test('numbers as numbers, versions in the order of versions', async (store) => {
    const versions = ['9.0', '10.0', '10.0b3', '10.0b10', '10.0.1'].map((version) => ({ version }));
    const ids = await prepared(store, versions);
    assert.deepEqual(await placesOf(store, ids, [range('version', 'gt', '9.0')]), [1, 2, 3, 4]);
    assert.deepEqual(await placesOf(store, ids, [range('version', 'lt', '10.0')]), [0, 2, 3]);
    assert.deepEqual(await placesOf(store, ids, [range('version', 'gte', '10.0b10')]), [1, 3, 4]);
  });

  test('the period: from is in it, to is not, to the millisecond', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const times = [T0.getTime() - 1, T0.getTime(), T1.getTime() - 1, T1.getTime()];
    const crashes = times.map((ms) => crash(new Date(ms)));
    await saveAll(store, crashes);
    const ids = crashes.map(({ raw }) => raw.id as string);
    assert.deepEqual(await placesOf(store, ids, []), [1, 2]);
    assert.deepEqual(await idsOf(store, { from: T1, to: T0 }), []);
    const after = range('date', 'gte', new Date(T1.getTime() - 1).toISOString());
    assert.deepEqual(await placesOf(store, ids, [after]), [2]);
  });

  test('a crash without a date of its own counts on the day it was received', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const one = crash(at(3), { date_processed: undefined });
    await saveAll(store, [one]);
    const { hits } = await store.search(query({ columns: ['date'] }));
    assert.deepEqual(hits, [{ date: at(3).toISOString() }]);
  });
}

const HOSTILE = [
  "o'x",
  '"',
  '%',
  '_',
  '100%_\\',
  'a\0b',
  '😀',
  'ä\u0301',
  '\ud800',
  "'; drop table crash; --",
  '',
];

function textual(test: SearchCase): void {
  test('contains, starts, ends: case counts', async (store) => {
    const ids = await prepared(store, [
      { signature: 'js::Foo' },
      { signature: 'JS::foo' },
      { signature: 'xjs::Foo' },
    ]);
    const by = (operator: Filter['operator'], value: string) =>
      placesOf(store, ids, [{ field: 'signature', operator, values: [value] }]);
    assert.deepEqual(await by('contains', 's::F'), [0, 2]);
    assert.deepEqual(await by('starts', 'js'), [0]);
    assert.deepEqual(await by('ends', 'Foo'), [0, 2]);
    assert.deepEqual(await by('contains', ''), [0, 1, 2]);
  });

  test('hostile values are found as themselves and as nothing else', async (store) => {
    const ids = await prepared(
      store,
      HOSTILE.map((text) => ({ signature: text, product: `<${text}>` })),
    );
    for (const [place, text] of HOSTILE.entries()) {
      const is: Filter = { field: 'signature', operator: 'is', values: [text] };
      assert.deepEqual(await placesOf(store, ids, [is]), [place], JSON.stringify(text));
      const whole = `<${text}>`;
      for (const operator of ['is', 'contains', 'starts', 'ends'] as const) {
        const places = await placesOf(store, ids, [{ field: 'product', operator, values: [whole] }]);
        assert.deepEqual(places, [place], `${operator} ${JSON.stringify(whole)}`);
      }
    }
  });
}

function refusal(test: SearchCase): void {
  test('what makes no sense is refused with its reason', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const asked = (field: string, operator: Filter['operator'], ...values: string[]) =>
      store.search(query({ filters: [{ field, operator, values }] }));
    await rejects(asked('nonsense', 'is', 'x'), 'invalid', /unknown field: nonsense/);
    await rejects(asked('uptime', 'is', 'long'), 'invalid', /uptime.*not a whole number/);
    await rejects(asked('memory', 'gt', ''), 'invalid', /memory.*not a number/);
    await rejects(asked('client_crash_date', 'lt', 'soon'), 'invalid', /not a date/);
    await rejects(asked('startup_crash', 'is', 'maybe'), 'invalid', /true or false/);
    await rejects(asked('uptime', 'contains', '1'), 'invalid', /contains does not go with type integer/);
    await rejects(asked('signature', 'gt', 'a'), 'invalid', /gt does not go with type keyword/);
    await rejects(asked('signature', 'is'), 'invalid', /needs a value/);
  });
}
