/** Random crashes and random queries: a store answers what the evaluator works out. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FieldType } from '../../src/search/fields.ts';
import type { Facet, Filter, Operator, SearchQuery } from '../../src/search/query.ts';
import { evaluate } from './search-evaluator.ts';
import {
  type Crash,
  crash,
  HOUR,
  query,
  SEARCH_FIELDS,
  type SearchStore,
  saveAll,
  T0,
} from './search-inputs.ts';

// Few values, so that filters hit; some of them hostile.
const WORDS = [
  '',
  'a',
  'A',
  'ä',
  'a b',
  "o'x",
  '%',
  '_',
  'a%b',
  '100%',
  '"',
  '\\',
  '[a]',
  '*',
  'a\0b',
  '😀',
  '-- x',
  '\ud800',
];
const word = fc.constantFrom(...WORDS);
const version = fc.constantFrom('1.0', '1.0b2', '1.0b10', '9.0', '10.0', '10.0.1', '102.0esr', 'x', '');
const whole = fc.constantFrom(-7, -1, 0, 1, 2, 59, 60, 61, 3600, 2 ** 53);
const fraction = fc.constantFrom(-0.5, 0, 0.1, 1.5, 2, 1e21);
const moment = fc.integer({ min: 0, max: 49 }).map((h) => new Date(T0.getTime() + h * HOUR - HOUR));

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });

const crashes: fc.Arbitrary<Crash> = fc
  .record({
    at: moment,
    signature: word,
    product: optional(word),
    version: optional(version),
    uptime: optional(whole),
    memory: optional(fraction),
    startup_crash: optional(fc.boolean()),
    client_crash_date: optional(moment.map((d) => d.toISOString())),
    abort_message: optional(fc.constantFrom('one Two', 'two, three', 'three-four', ...WORDS)),
    rules: optional(fc.array(word, { maxLength: 3 })),
    email: optional(word),
  })
  .map(({ at, rules, email, memory, ...fields }) =>
    crash(
      at,
      {
        ...fields,
        memory: memory === undefined ? undefined : { total: memory },
        failed_rules: rules?.map((rule) => ({ rule, reason: 'x' })),
      },
      email,
    ),
  );

const operands: { readonly [T in FieldType]: fc.Arbitrary<string> } = {
  keyword: word,
  text: fc.constantFrom('two', 'TWO one', 'three', 'four', ...WORDS),
  version,
  integer: whole.map(String),
  number: fraction.map(String),
  boolean: fc.constantFrom('true', 'false', '1', 'no'),
  date: moment.map((d) => d.toISOString()),
};

const textual: readonly Operator[] = ['is', 'has_terms', 'contains', 'starts', 'ends', 'exists'];
const ranged: readonly Operator[] = ['is', 'has_terms', 'gt', 'gte', 'lt', 'lte', 'exists'];
const operators: { readonly [T in FieldType]: readonly Operator[] } = {
  keyword: textual,
  text: textual,
  version: [...textual, 'gt', 'gte', 'lt', 'lte'],
  integer: ranged,
  number: ranged,
  date: ranged,
  boolean: ['is', 'has_terms', 'exists'],
};

const filter: fc.Arbitrary<Filter> = fc.constantFrom(...SEARCH_FIELDS).chain((field) =>
  fc.record({
    field: fc.constant(field.name),
    operator: fc.constantFrom(...operators[field.type]),
    not: fc.boolean(),
    values: fc.array(operands[field.type], { minLength: 1, maxLength: 2 }),
  }),
);

const names = SEARCH_FIELDS.map((f) => f.name);
const terms: fc.Arbitrary<Facet> = fc.record({
  field: fc.constantFrom(...names),
  size: fc.integer({ min: 0, max: 5 }),
});
const histogram: fc.Arbitrary<Facet> = fc.oneof(
  fc.record({
    field: fc.constantFrom('date', 'client_crash_date'),
    interval: fc.constantFrom('hour' as const, 'day' as const, 'week' as const),
  }),
  fc.record({ field: fc.constant('uptime'), interval: fc.constantFrom(1, 60) }),
);
const leaf = fc.oneof(terms, histogram);
/** Each field once on a level: a facet answers under the name of its field. */
const level = (one: fc.Arbitrary<Facet>, maxLength: number) =>
  fc.uniqueArray(one, { maxLength, selector: (facet) => facet.field });
const nested = leaf.chain((facet) => level(leaf, 2).map((by): Facet => ({ ...facet, by })));
const twice = leaf.chain((facet) => level(nested, 1).map((by): Facet => ({ ...facet, by })));

const sortable = SEARCH_FIELDS.filter((f) => !f.many).map((f) => f.name);
const queries: fc.Arbitrary<SearchQuery> = fc
  .record({
    filters: fc.array(filter, { maxLength: 3 }),
    columns: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
    sort: fc.array(fc.record({ field: fc.constantFrom(...sortable), descending: fc.boolean() }), {
      maxLength: 2,
    }),
    facets: level(fc.oneof(leaf, twice), 3),
    offset: fc.integer({ min: 0, max: 3 }),
    limit: fc.integer({ min: 0, max: 20 }),
  })
  .map(query);

/** Every run adds crashes to what is there already. */
export async function answersAsEvaluated(store: SearchStore, runs: number): Promise<void> {
  await store.applyFields(SEARCH_FIELDS);
  const saved: Crash[] = [];
  const property = fc.asyncProperty(
    fc.array(crashes, { maxLength: 12 }),
    fc.array(queries, { minLength: 1, maxLength: 8 }),
    async (more, asked) => {
      await saveAll(store, more);
      saved.push(...more);
      for (const one of asked) {
        const { total, hits, facets } = await store.search(one);
        const expected = evaluate(saved, SEARCH_FIELDS, one);
        assert.deepEqual({ total: total.count, hits, facets }, expected, JSON.stringify(one));
      }
    },
  );
  // What is saved stays, so that a failure cannot be made smaller by trying again.
  await fc.assert(property, { numRuns: runs, endOnFailure: true });
}
