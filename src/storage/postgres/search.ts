/** A search: hits, total and facets, each from what the others are. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import { fieldsOf } from '../../search/permissions.ts';
import type { SearchQuery, SearchResult } from '../../search/query.ts';
import { FacetCounter, facetWarnings } from './facets.ts';
import type { FieldColumn } from './field-columns.ts';
import type { FieldRegistry } from './field-registry.ts';
import { type Condition, columnRef, orderRef, where } from './predicates.ts';
import type { Tables } from './tables.ts';

const DEFAULT_LIMIT = 100;
/** More is what `scan` is for. */
const MAX_LIMIT = 10_000;

function field(fields: ReadonlyMap<string, FieldColumn>, name: string): FieldColumn {
  const found = fields.get(name);
  if (!found) throw new QueryError('invalid', `unknown field: ${name}`, [name]);
  return found;
}

function orderBy(query: SearchQuery, fields: ReadonlyMap<string, FieldColumn>): RawBuilder<unknown> {
  const terms: RawBuilder<unknown>[] = [];
  for (const { field: name, descending } of query.sort ?? []) {
    const column = field(fields, name);
    if (column.kind === 'list') {
      throw new QueryError('invalid', `${name} is a list and has no order`, [name]);
    }
    // What is missing comes last either way.
    terms.push(sql`${orderRef(column)} ${descending ? sql`desc` : sql`asc`} nulls last`);
  }
  return sql.join([...terms, sql`c.date desc`, sql`c.id`]);
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new QueryError('invalid', `${name} must be a whole number, 0 or more`, []);
}

export class Searcher {
  readonly #store: string;
  readonly #pool: PostgresPool;
  readonly #crash: RawBuilder<unknown>;
  readonly #registry: FieldRegistry;
  /** Compiles; the statements run on the pool. */
  readonly #kysely: Kysely<unknown>;

  constructor(
    store: string,
    pool: PostgresPool,
    tables: Tables,
    registry: FieldRegistry,
    kysely: Kysely<unknown>,
  ) {
    this.#store = store;
    this.#pool = pool;
    this.#crash = sql.raw(tables.crash);
    this.#registry = registry;
    this.#kysely = kysely;
  }

  async search(query: SearchQuery, options: CallOptions = {}): Promise<SearchResult> {
    const fields = await this.#registry.find(fieldsOf(query), options);
    const found = where(this.#store, query, fields);
    const wanted = count('limit', query.limit, DEFAULT_LIMIT);
    const limit = Math.min(wanted, MAX_LIMIT);
    const ask = (statement: RawBuilder<unknown>) => this.#ask(statement, options);
    const order = orderBy(query, fields);
    const offset = count('offset', query.offset, 0);
    const [total] = await ask(sql`select count(*) as n from ${this.#crash} as c where ${found}`);
    return {
      total: { count: Number(total?.['n']), exact: true },
      hits:
        limit === 0 ? [] : await this.#hits(query.columns, fields, { found, order, limit, offset }, options),
      facets: await new FacetCounter(ask, this.#crash, found, fields).count(query.facets ?? []),
      warnings: [
        ...(wanted > limit ? [`no more than ${MAX_LIMIT} crashes at a time`] : []),
        ...facetWarnings(query.facets ?? []),
      ],
    };
  }

  async #hits(
    names: readonly string[],
    fields: ReadonlyMap<string, FieldColumn>,
    of: { found: Condition; order: RawBuilder<unknown>; limit: number; offset: number },
    options: CallOptions,
  ): Promise<SearchResult['hits']> {
    const columns = names.map((name) => [name, field(fields, name)] as const);
    const shown = columns.map(([, column], i) => sql`${columnRef(column)} as ${sql.ref(`v_${i}`)}`);
    const rows = await this.#ask(
      sql`select ${sql.join([sql`c.id as hit`, ...shown])} from ${this.#crash} as c
        where ${of.found} order by ${of.order} limit ${of.limit} offset ${of.offset}`,
      options,
    );
    return rows.map((row) => Object.fromEntries(columns.map(([name], i) => [name, row[`v_${i}`] ?? null])));
  }

  async #ask(
    statement: RawBuilder<unknown>,
    options: CallOptions,
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { sql: text, parameters } = statement.compile(this.#kysely);
    const { rows } = await this.#pool.query(text, parameters, options);
    return rows;
  }
}
