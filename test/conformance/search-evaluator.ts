/** What a search must answer, worked out the plain way over a list of crashes. Knows nothing of any engine. */
import type { FieldDefinition } from '../../src/search/fields.ts';
import type { Facet, FacetBucket, Filter, SearchQuery } from '../../src/search/query.ts';
import {
  dateOf,
  type FieldValue,
  operandOf,
  plainText,
  type Scalar,
  valueIn,
} from '../../src/search/values.ts';
import { versionKey } from '../../src/search/version-order.ts';
import type { Crash } from './search-inputs.ts';

type Document = ReadonlyMap<string, FieldValue>;

export interface Answer {
  readonly total: number;
  readonly hits: readonly Readonly<Record<string, unknown>>[];
  readonly facets: Readonly<Record<string, readonly FacetBucket[]>>;
}

const listOf = (value: FieldValue | undefined): readonly Scalar[] =>
  value === null || value === undefined ? [] : typeof value === 'object' ? value : [value];

const asciiLower = (text: string): string => text.replace(/[A-Z]/g, (c) => c.toLowerCase());

function bytewise(a: Scalar, b: Scalar): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}

const ordered = (field: FieldDefinition, value: Scalar): Scalar =>
  field.type === 'version' ? versionKey(String(value)) : value;

function hasTerms(field: FieldDefinition, value: Scalar, text: string): boolean {
  if (field.type === 'text') {
    const words = (t: string): readonly string[] => t.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    const present = words(String(value));
    const wanted = words(plainText(text));
    return wanted.length > 0 && wanted.every((word) => present.includes(word));
  }
  const wanted = operandOf(field, text);
  return typeof wanted === 'string' ? asciiLower(wanted) === asciiLower(String(value)) : wanted === value;
}

function holds(field: FieldDefinition, filter: Filter, value: Scalar, text: string): boolean {
  const plain = plainText(text);
  const order = () => bytewise(ordered(field, value), ordered(field, operandOf(field, text)));
  switch (filter.operator) {
    case 'is':
      return value === operandOf(field, text);
    case 'has_terms':
      return hasTerms(field, value, text);
    case 'contains':
      return String(value).includes(plain);
    case 'starts':
      return String(value).startsWith(plain);
    case 'ends':
      return String(value).endsWith(plain);
    case 'gt':
      return order() > 0;
    case 'gte':
      return order() >= 0;
    case 'lt':
      return order() < 0;
    case 'lte':
      return order() <= 0;
    default:
      throw new Error(`not evaluated: ${filter.operator}`);
  }
}

function passes(field: FieldDefinition, filter: Filter, document: Document): boolean {
  const values = listOf(document.get(field.name));
  const found =
    filter.operator === 'exists'
      ? values.length > 0
      : values.some((value) => filter.values.some((text) => holds(field, filter, value, text)));
  return found !== (filter.not ?? false);
}

const isBound = (filter: Filter): boolean => /^[gl]te?$/.test(filter.operator) && !filter.not;

function bar(facet: Facet, value: Scalar): Scalar {
  if (facet.interval === undefined) return value;
  if (typeof facet.interval === 'number') return Math.floor(Number(value) / facet.interval) * facet.interval;
  const date = new Date(String(value));
  date.setUTCMinutes(0, 0, 0);
  if (facet.interval !== 'hour') date.setUTCHours(0);
  if (facet.interval === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString();
}

function countFacets(facets: readonly Facet[], documents: readonly Document[]) {
  const answer: Record<string, FacetBucket[]> = {};
  for (const facet of facets) {
    const buckets = new Map<Scalar, Document[]>();
    for (const document of documents) {
      const keys = new Set(listOf(document.get(facet.field)).map((value) => bar(facet, value)));
      for (const key of keys) buckets.set(key, [...(buckets.get(key) ?? []), document]);
    }
    const sorted = [...buckets].sort(
      ([a, x], [b, y]) => (facet.interval === undefined ? y.length - x.length : 0) || bytewise(a, b),
    );
    answer[facet.field] = (facet.interval === undefined ? sorted.slice(0, facet.size ?? 50) : sorted).map(
      ([key, inside]) => ({
        term: String(key),
        count: inside.length,
        ...(facet.by?.length ? { facets: countFacets(facet.by, inside) } : {}),
      }),
    );
  }
  return answer;
}

function compareBy(query: SearchQuery, fields: ReadonlyMap<string, FieldDefinition>) {
  return (a: Document, b: Document): number => {
    for (const { field, descending } of query.sort ?? []) {
      const definition = fields.get(field) as FieldDefinition;
      const [x] = listOf(a.get(field));
      const [y] = listOf(b.get(field));
      if (x === undefined && y === undefined) continue;
      if (x === undefined) return 1;
      if (y === undefined) return -1;
      const order = bytewise(ordered(definition, x), ordered(definition, y));
      if (order !== 0) return descending ? -order : order;
    }
    const newest = bytewise(String(b.get('date')), String(a.get('date')));
    return newest || bytewise(String(a.get('uuid')), String(b.get('uuid')));
  };
}

export function evaluate(
  crashes: readonly Crash[],
  definitions: readonly FieldDefinition[],
  query: SearchQuery,
): Answer {
  const fields = new Map(definitions.map((f) => [f.name, f]));
  const groups = Map.groupBy(query.filters, (f) => f.field);
  const found = crashes
    .filter(({ raw, processed }) => {
      const date = dateOf(raw, processed);
      return date >= query.from.toISOString() && date < query.to.toISOString();
    })
    .map(
      ({ raw, processed }): Document => new Map(definitions.map((f) => [f.name, valueIn(f, raw, processed)])),
    )
    .filter((document) =>
      [...groups].every(([name, filters]) => {
        const test = (filter: Filter) => passes(fields.get(name) as FieldDefinition, filter, document);
        const others = filters.filter((f) => !isBound(f));
        return filters.filter(isBound).every(test) && (others.length === 0 || others.some(test));
      }),
    )
    .sort(compareBy(query, fields));
  const offset = query.offset ?? 0;
  return {
    total: found.length,
    hits: found
      .slice(offset, offset + (query.limit ?? 100))
      .map((document) => Object.fromEntries(query.columns.map((name) => [name, document.get(name) ?? null]))),
    facets: countFacets(query.facets ?? [], found),
  };
}
