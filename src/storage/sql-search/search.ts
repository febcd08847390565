/** A search: hits, total and facets, each from what the others are. */
import { sql } from 'kysely';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import { knownField } from '../../search/known-fields.ts';
import { fieldsOf } from '../../search/permissions.ts';
import type { SearchQuery, SearchResult } from '../../search/query.ts';
import { FacetCounter, facetWarnings } from './facets.ts';
import type { Fields } from './field-columns.ts';
import { columnRef, orderRef, Predicates } from './predicates.ts';
import type { Condition, Expression } from './search-dialect.ts';
import type { SqlIndex } from './sql-index.ts';

const DEFAULT_LIMIT = 100;
/** More is what `scan` is for. */
const MAX_LIMIT = 10_000;

function orderBy(query: SearchQuery, fields: Fields): Expression {
  const terms: Expression[] = [];
  for (const { field: name, descending } of query.sort ?? []) {
    const field = knownField(fields, name);
    if (field.kind === 'list') {
      throw new QueryError('invalid', `${name} is a list and has no order`, [name]);
    }
    // What is missing comes last either way.
    terms.push(sql`${orderRef(field)} ${descending ? sql`desc` : sql`asc`} nulls last`);
  }
  return sql.join([...terms, sql`c.date desc`, sql`c.id`]);
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new QueryError('invalid', `${name} must be a whole number, 0 or more`, []);
}

export class Searcher {
  readonly #index: SqlIndex;
  readonly #predicates: Predicates;

  constructor(index: SqlIndex) {
    this.#index = index;
    this.#predicates = new Predicates(index.store, index.dialect);
  }

  async search(query: SearchQuery, options: CallOptions = {}): Promise<SearchResult> {
    const fields = await this.#index.find(fieldsOf(query), options);
    const found = this.#predicates.where(query, fields);
    const wanted = count('limit', query.limit, DEFAULT_LIMIT);
    const limit = Math.min(wanted, MAX_LIMIT);
    const order = orderBy(query, fields);
    const offset = count('offset', query.offset, 0);
    const [total] = await this.#index.ask(
      sql`select count(*) as n from ${this.#index.table} as c where ${found}`,
      options,
    );
    return {
      total: { count: Number(total?.[0]), exact: true },
      hits:
        limit === 0 ? [] : await this.#hits(query.columns, fields, { found, order, limit, offset }, options),
      facets: await new FacetCounter(this.#index, found, fields, options).count(query.facets ?? []),
      warnings: [
        ...(wanted > limit ? [`no more than ${MAX_LIMIT} crashes at a time`] : []),
        ...facetWarnings(query.facets ?? []),
      ],
    };
  }

  async #hits(
    names: readonly string[],
    fields: Fields,
    of: { found: Condition; order: Expression; limit: number; offset: number },
    options: CallOptions,
  ): Promise<SearchResult['hits']> {
    const { dialect, table } = this.#index;
    const columns = names.map((name) => {
      const field = knownField(fields, name);
      return { name, ref: columnRef(field), show: dialect.show(field) };
    });
    const values = columns.map(({ ref }, i) => sql`${ref} as ${sql.ref(`v_${i}`)}`);
    const rows = await this.#index.ask(
      sql`select ${sql.join([...values, sql`c.id as hit`])} from ${table} as c
        where ${of.found} order by ${of.order} limit ${of.limit} offset ${of.offset}`,
      options,
    );
    return rows.map((row) => Object.fromEntries(columns.map(({ name, show }, i) => [name, show(row[i])])));
  }
}
