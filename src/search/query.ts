/** Queries as data: what the web site, the API and jobs hand to a store that can `search` or `scan`. */
import type { CrashId } from '../model/crash-id.ts';

/**
 * `is`: the very value. `has_terms`: the value, case of ASCII letters aside; of a text: every word, case aside.
 * `contains`, `starts`, `ends`, `regex`: case counts. `gt` … `lte`: numbers, dates, versions (in their order).
 * `exists`: there is a value; takes none. Which go with a type: `OPERATORS` in `values.ts`; others are `invalid`,
 * those that a store does not have `unsupported`.
 */
export type Operator =
  | 'is'
  | 'contains'
  | 'starts'
  | 'ends'
  | 'regex'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'exists'
  | 'has_terms';

export interface Filter {
  readonly field: string;
  readonly operator: Operator;
  /** Whatever the filter does not match, crashes without a value included. */
  readonly not?: boolean;
  /** One of them is enough. Of a list field, one element is enough. */
  readonly values: readonly string[];
}

/**
 * A terms facet: the most frequent values first, those of one count in order; crashes without a value are in none,
 * those with a list in each of its elements. `by` nests (signature by version), `interval` makes a histogram, in
 * order and without empty bars; a term is then where the bar begins, dates as ISO text, weeks on Monday.
 */
export interface Facet {
  readonly field: string;
  /** Values at most, 50 unless told otherwise; a histogram has all of its bars. */
  readonly size?: number;
  readonly interval?: 'hour' | 'day' | 'week' | number;
  readonly by?: readonly Facet[];
}

export interface SearchQuery {
  /** Period of `date_processed`, from (inclusive) to (exclusive). */
  readonly from: Date;
  readonly to: Date;
  /** Filters on one field are OR-ed, but ranges that are not negated all hold; different fields are AND-ed. */
  readonly filters: readonly Filter[];
  readonly columns: readonly string[];
  /** What has no value comes last either way; ties and no sort at all: newest first, then by crash id. */
  readonly sort?: readonly { readonly field: string; readonly descending?: boolean }[];
  readonly facets?: readonly Facet[];
  readonly offset?: number;
  /** 100 unless told otherwise. */
  readonly limit?: number;
}

export interface FacetBucket {
  /** Booleans are `true` and `false`. */
  readonly term: string;
  readonly count: number;
  readonly facets?: Readonly<Record<string, readonly FacetBucket[]>>;
}

export interface SearchResult {
  readonly total: { readonly count: number; readonly exact: boolean };
  /** Keys are exactly the requested columns; missing is null. */
  readonly hits: readonly Readonly<Record<string, unknown>>[];
  readonly facets: Readonly<Record<string, readonly FacetBucket[]>>;
  /** Not empty when the answer is partial (a failed shard, a clamped size). Shown to the user. */
  readonly warnings: readonly string[];
}

export interface ScanRequest {
  /** Period of `date_processed`, from (inclusive) to (exclusive). */
  readonly from: Date;
  readonly to: Date;
  /** Field names, plus `signature_input` and `signature_trace`. */
  readonly columns: readonly string[];
}

export interface Row {
  readonly id: CrashId;
  readonly [column: string]: unknown;
}
