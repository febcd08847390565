/** Facets: how often each value occurs among the crashes that a query finds. One statement for each level. */
import { type RawBuilder, sql } from 'kysely';
import { QueryError } from '../../search/errors.ts';
import type { Facet, FacetBucket } from '../../search/query.ts';
import type { FieldColumn } from './field-columns.ts';
import { asKept, type Condition, columnRef, elementRef, elementsOf } from './predicates.ts';

/** As Super Search has it. */
const DEFAULT_SIZE = 50;
/** What one level may return, and no histogram has more bars. */
const MAX_SIZE = 10_000;

type Cell = string | number | boolean | null;

/** Runs a statement; rows by column. */
export type Ask = (query: RawBuilder<unknown>) => Promise<readonly Readonly<Record<string, unknown>>[]>;

interface Level {
  readonly facet: Facet;
  readonly field: FieldColumn;
  /** The value of the bucket. */
  readonly key: RawBuilder<unknown>;
  /** A list is taken apart. */
  readonly from: RawBuilder<unknown> | undefined;
}

/** A bucket on the way: what it stands for on each level above, and what is being filled. */
interface Open {
  readonly path: readonly Cell[];
  readonly term: string;
  readonly count: number;
  facets?: Record<string, readonly FacetBucket[]>;
}

/**
 * Of ISO text, without leaving the text where that is enough. Postgres has no year 0; weeks repeat every 400 years,
 * so that year is reckoned as the year 400.
 */
const BARS: { readonly [I in 'hour' | 'day' | 'week']: (value: RawBuilder<unknown>) => RawBuilder<unknown> } =
  {
    hour: (value) => sql`(substr(${value}, 1, 13) || ':00:00.000Z')`,
    day: (value) => sql`(substr(${value}, 1, 10) || 'T00:00:00.000Z')`,
    week: (value) =>
      sql`(case when ${value} like '0000-%'
      then overlay(to_char(date_trunc('week', ('04' || substr(${value}, 3, 8))::timestamp), 'YYYY-MM-DD') placing '00' from 1)
      else to_char(date_trunc('week', substr(${value}, 1, 10)::timestamp), 'YYYY-MM-DD') end
      || 'T00:00:00.000Z')`,
  };

function histogramKey(facet: Facet, field: FieldColumn, value: RawBuilder<unknown>): RawBuilder<unknown> {
  const { interval } = facet;
  const { type, name } = field.definition;
  const wrong = (): QueryError =>
    new QueryError('invalid', `${name}: no histogram of ${type} by ${String(interval)}`, [name]);
  if (typeof interval === 'number') {
    if ((type !== 'integer' && type !== 'number') || !(interval > 0)) throw wrong();
    return sql`floor(${value} / ${interval}::double precision) * ${interval}::double precision`;
  }
  if (type !== 'date' || interval === undefined) throw wrong();
  return BARS[interval](value);
}

function levelOf(facet: Facet, depth: number, fields: ReadonlyMap<string, FieldColumn>): Level {
  const field = fields.get(facet.field);
  if (!field) throw new QueryError('invalid', `unknown field: ${facet.field}`, [facet.field]);
  const isList = field.kind === 'list';
  const element = `element_${depth}`;
  const value = isList ? elementRef(field, element) : columnRef(field);
  return {
    facet,
    field,
    key: facet.interval === undefined ? value : histogramKey(facet, field, value),
    from: isList ? elementsOf(field, element) : undefined,
  };
}

/** Clamped to what one answer may hold; a histogram is as long as it is. */
const sizeOf = ({ size, interval }: Facet): number =>
  interval === undefined ? Math.min(size ?? DEFAULT_SIZE, MAX_SIZE) : MAX_SIZE;

/** One line for each facet whose size was cut. */
export function facetWarnings(facets: readonly Facet[]): readonly string[] {
  return facets.flatMap((facet) => [
    ...((facet.size ?? 0) > MAX_SIZE ? [`facet ${facet.field}: no more than ${MAX_SIZE} values`] : []),
    ...facetWarnings(facet.by ?? []),
  ]);
}

export class FacetCounter {
  readonly #ask: Ask;
  readonly #where: Condition;
  /** The table. */
  readonly #from: RawBuilder<unknown>;
  readonly #fields: ReadonlyMap<string, FieldColumn>;

  constructor(
    ask: Ask,
    from: RawBuilder<unknown>,
    where: Condition,
    fields: ReadonlyMap<string, FieldColumn>,
  ) {
    this.#ask = ask;
    this.#from = from;
    this.#where = where;
    this.#fields = fields;
  }

  async count(facets: readonly Facet[]): Promise<Record<string, readonly FacetBucket[]>> {
    const root: Open = { path: [], term: '', count: 0 };
    await this.#fill([root], [], facets);
    return root.facets ?? {};
  }

  /** Counts each facet within every bucket of `parents`, all of which lie on `levels`. */
  async #fill(parents: readonly Open[], levels: readonly Level[], facets: readonly Facet[]): Promise<void> {
    for (const facet of facets) {
      const level = levelOf(facet, levels.length, this.#fields);
      for (const parent of parents) parent.facets = { ...parent.facets, [facet.field]: [] };
      const buckets = await this.#level(parents, levels, level);
      if (facet.by && facet.by.length > 0)
        await this.#fill([...buckets.values()].flat(), [...levels, level], facet.by);
      for (const [parent, list] of buckets) {
        parent.facets = {
          ...parent.facets,
          [facet.field]: list.map(({ term, count, facets: inner }) => ({
            term,
            count,
            ...(inner ? { facets: inner } : {}),
          })),
        };
      }
    }
  }

  async #level(
    parents: readonly Open[],
    above: readonly Level[],
    level: Level,
  ): Promise<ReadonlyMap<Open, readonly Open[]>> {
    const found = new Map<Open, Open[]>(parents.map((parent) => [parent, []]));
    const size = sizeOf(level.facet);
    if (parents.length === 0 || size <= 0) return found;
    const byPath = new Map(parents.map((parent) => [JSON.stringify(parent.path), parent]));
    for (const row of await this.#ask(this.#statement(parents, above, level, size))) {
      const path = Array.from({ length: above.length + 1 }, (_, i) => (row[`key_${i}`] ?? null) as Cell);
      const parent = byPath.get(JSON.stringify(path.slice(0, -1)));
      const cell = path.at(-1) ?? null;
      const bucket = { path, term: String(cell), count: Number(row['n']) };
      if (parent) found.get(parent)?.push(bucket);
    }
    return found;
  }

  #statement(
    parents: readonly Open[],
    above: readonly Level[],
    level: Level,
    size: number,
  ): RawBuilder<unknown> {
    const levels = [...above, level];
    const from = sql.join([sql`${this.#from} as c`, ...levels.flatMap((l) => l.from ?? [])]);
    const keys = levels.map((l, i) => sql`${l.key} as ${sql.ref(`key_${i}`)}`);
    const names = levels.map((_, i) => sql.ref(`key_${i}`));
    const outer = names.slice(0, -1);
    const own = names.at(-1) as RawBuilder<unknown>;
    const order = level.facet.interval === undefined ? sql`n desc, ${own}` : sql`${own}`;
    const partition = outer.length > 0 ? sql`partition by ${sql.join(outer)}` : sql``;
    // The parents as one parameter each side: their number is not limited by that of parameters.
    const within = JSON.stringify(parents.map((parent) => parent.path));
    const inParents =
      outer.length === 0
        ? sql`true`
        : sql`(${sql.join(outer)}) in (select ${sql.join(
            above.map(({ field }, i) => asKept(field, sql`parent.value ->> ${sql.lit(i)}`)),
          )} from jsonb_array_elements(${within}::jsonb) as parent(value))`;
    return sql`
      select ${sql.join(names)}, n from (
        select ${sql.join(names)}, n, row_number() over (${partition} order by ${order}) as place from (
          select ${sql.join(names)}, count(*) as n from (
            select ${sql.join(keys)} from ${from} where ${this.#where}
          ) as shown where ${own} is not null and ${inParents} group by ${sql.join(names)}
        ) as counted
      ) as ranked where place <= ${size} order by place`;
  }
}
