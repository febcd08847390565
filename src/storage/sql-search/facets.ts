/** Facets: how often each value occurs among the crashes that a query finds. One statement for each level. */
import { sql } from 'kysely';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import { knownField } from '../../search/known-fields.ts';
import type { Facet, FacetBucket } from '../../search/query.ts';
import type { FieldColumn, Fields } from './field-columns.ts';
import { columnRef } from './predicates.ts';
import type { Condition, Expression, SearchDialect } from './search-dialect.ts';
import type { SqlIndex } from './sql-index.ts';

/** As Super Search has it. */
const DEFAULT_SIZE = 50;
/** What one level may return, and no histogram has more bars. */
const MAX_SIZE = 10_000;

type Cell = string | number | boolean | null;

interface Level {
  readonly facet: Facet;
  readonly field: FieldColumn;
  /** The value of the bucket. */
  readonly key: Expression;
  /** A list is taken apart. */
  readonly from: Expression | undefined;
}

/** A bucket on the way: what it stands for on each level above, and what is being filled. */
interface Open {
  readonly path: readonly Cell[];
  readonly term: string;
  readonly count: number;
  facets?: Record<string, readonly FacetBucket[]>;
}

function histogramKey(
  { bars, operand }: SearchDialect,
  { interval }: Facet,
  { definition: { type, name } }: FieldColumn,
  value: Expression,
): Expression {
  const wrong = (): QueryError =>
    new QueryError('invalid', `${name}: no histogram of ${type} by ${String(interval)}`, [name]);
  if (typeof interval === 'number') {
    if ((type !== 'integer' && type !== 'number') || !(interval > 0)) throw wrong();
    return sql`floor(${value} / ${operand(interval)}) * ${operand(interval)}`;
  }
  if (type !== 'date' || interval === undefined) throw wrong();
  return bars[interval](value);
}

function levelOf(dialect: SearchDialect, facet: Facet, depth: number, fields: Fields): Level {
  const field = knownField(fields, facet.field);
  const isList = field.kind === 'list';
  const element = `element_${depth}`;
  const value = isList ? dialect.element(field, element) : columnRef(field);
  return {
    facet,
    field,
    key: facet.interval === undefined ? value : histogramKey(dialect, facet, field, value),
    from: isList ? dialect.elements(columnRef(field), element) : undefined,
  };
}

/** An engine without booleans has 0 and 1. */
const termOf = ({ field }: Level, cell: Cell): string =>
  String(field.definition.type === 'boolean' ? Boolean(cell) : cell);

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
  readonly #index: SqlIndex;
  readonly #found: Condition;
  readonly #fields: Fields;
  readonly #options: CallOptions;

  /** Of the crashes that `found` is true of. */
  constructor(index: SqlIndex, found: Condition, fields: Fields, options: CallOptions) {
    this.#index = index;
    this.#found = found;
    this.#fields = fields;
    this.#options = options;
  }

  async count(facets: readonly Facet[]): Promise<Record<string, readonly FacetBucket[]>> {
    const root: Open = { path: [], term: '', count: 0 };
    await this.#fill([root], [], facets);
    return root.facets ?? {};
  }

  /** Counts each facet within every bucket of `parents`, all of which lie on `levels`. */
  async #fill(parents: readonly Open[], levels: readonly Level[], facets: readonly Facet[]): Promise<void> {
    for (const facet of facets) {
      const level = levelOf(this.#index.dialect, facet, levels.length, this.#fields);
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
    for (const row of await this.#index.ask(this.#statement(parents, above, level, size), this.#options)) {
      const cells = row as readonly Cell[];
      const path = cells.slice(0, above.length + 1);
      const parent = byPath.get(JSON.stringify(path.slice(0, -1)));
      const cell = path.at(-1) ?? null;
      const bucket = { path, term: termOf(level, cell), count: Number(cells.at(-1)) };
      if (parent) found.get(parent)?.push(bucket);
    }
    return found;
  }

  #statement(parents: readonly Open[], above: readonly Level[], level: Level, size: number): Expression {
    const { dialect, table } = this.#index;
    const levels = [...above, level];
    const from = sql.join([sql`${table} as c`, ...levels.flatMap((l) => l.from ?? [])]);
    const keys = levels.map((l, i) => sql`${l.key} as ${sql.ref(`key_${i}`)}`);
    const names = levels.map((_, i) => sql.ref(`key_${i}`));
    const outer = names.slice(0, -1);
    const own = names.at(-1) as Expression;
    const order = level.facet.interval === undefined ? sql`n desc, ${own}` : sql`${own}`;
    const partition = outer.length > 0 ? sql`partition by ${sql.join(outer)}` : sql``;
    // The parents as one parameter each side: their number is not limited by that of parameters.
    const paths = sql`${JSON.stringify(parents.map((parent) => parent.path))}`;
    const kept = above.map(({ field }, i) => dialect.asKept(field, sql`parent.value ->> ${sql.lit(i)}`));
    const inParents =
      outer.length === 0
        ? sql`true`
        : sql`(${sql.join(outer)}) in (select ${sql.join(kept)} from ${dialect.elements(paths, 'parent')})`;
    return sql`
      select ${sql.join(names)}, n from (
        select ${sql.join(names)}, n, row_number() over (${partition} order by ${order}) as place from (
          select ${sql.join(names)}, count(*) as n from (
            select ${sql.join(keys)} from ${from} where ${this.#found}
          ) as shown where ${own} is not null and ${inParents} group by ${sql.join(names)}
        ) as counted
      ) as ranked where place <= ${size} order by place`;
  }
}
