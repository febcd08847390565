/** Filters as SQL conditions on `crash` (alias `c`). Values are always parameters, names always quoted. */
import { sql } from 'kysely';
import { QueryError } from '../../search/errors.ts';
import { knownField } from '../../search/known-fields.ts';
import type { Filter, Operator, SearchQuery } from '../../search/query.ts';
import { checkOperator, isRange, operandOf, plainText, type Scalar } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';
import { StorageError } from '../errors.ts';
import type { FieldColumn, Fields } from './field-columns.ts';
import type { Condition, Expression, SearchDialect } from './search-dialect.ts';

/** Operators that compare with each of their values. */
type Comparing = Exclude<Operator, 'exists' | 'regex'>;

const RANGES = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` } as const;

export const columnRef = (field: FieldColumn): Expression => sql.ref(`c.${field.column}`);

/** What the field is ordered by. */
export const orderRef = (field: FieldColumn): Expression => sql.ref(`c.${field.orderColumn ?? field.column}`);

/** SQLite's limit on the depth of an expression is 1,000, and of a chain each link is one. */
const CHAIN = 100;

function joined(conditions: readonly Condition[], word: Condition): Condition {
  if (conditions.length <= CHAIN) return sql`(${sql.join(conditions, word)})`;
  const links: Condition[] = [];
  for (let i = 0; i < conditions.length; i += CHAIN) links.push(joined(conditions.slice(i, i + CHAIN), word));
  return joined(links, word);
}

const any = (conditions: readonly Condition[]): Condition => joined(conditions, sql` or `);
const all = (conditions: readonly Condition[]): Condition => joined(conditions, sql` and `);

/** Dates are kept as ISO text of one length, so that text order is time order. */
const period = ({ from, to }: { readonly from: Date; readonly to: Date }): readonly Condition[] => [
  sql`c.date >= ${bound(from)}`,
  sql`c.date < ${bound(to)}`,
];

/** Beyond the years 0 to 9999 ISO text gets a sign and longer; nothing we keep is there. */
export function bound(date: Date): string {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new QueryError('invalid', 'the period has no valid date', ['date']);
  const text = date.toISOString();
  if (text.length === 24) return text;
  return text.startsWith('-') ? '' : '~';
}

/** A range that is not negated. */
const isBound = (filter: Filter): boolean => isRange(filter.operator) && !filter.not;

/** Filters in the words of an engine, for the store of that name. */
export class Predicates {
  readonly #store: string;
  readonly #dialect: SearchDialect;

  constructor(store: string, dialect: SearchDialect) {
    this.#store = store;
    this.#dialect = dialect;
  }

  /**
   * Everything that a crash must be to be found: in the period, and for each field within all of its ranges and
   * one of its other filters.
   */
  where(query: Pick<SearchQuery, 'from' | 'to' | 'filters'>, fields: Fields): Condition {
    const conditions: Condition[] = [...period(query)];
    for (const [name, filters] of Map.groupBy(query.filters, (filter) => filter.field)) {
      const field = knownField(fields, name);
      const [ranges, others] = [filters.filter(isBound), filters.filter((f) => !isBound(f))];
      conditions.push(...ranges.map((filter) => this.#condition(field, filter)));
      if (others.length > 0) conditions.push(any(others.map((filter) => this.#condition(field, filter))));
    }
    return all(conditions);
  }

  #condition(field: FieldColumn, filter: Filter): Condition {
    checkOperator(field.definition, filter.operator, filter.values);
    const found = this.#found(field, filter);
    // Not `not`: a crash without a value does not match, and so is in the answer of the negated filter.
    return filter.not ? sql`(${found}) is not true` : found;
  }

  #found(field: FieldColumn, { operator, values }: Filter): Condition {
    if (operator === 'regex') {
      const detail = `${field.definition.name}: this store has no regular expressions`;
      throw new StorageError('unsupported', this.#store, detail);
    }
    const column = columnRef(field);
    if (operator === 'exists') return sql`${column} is not null`;
    if (operator === 'has_terms' && field.wordsColumn !== undefined)
      return this.#hasWords(field, sql.ref(`c.${field.wordsColumn}`), values);
    const anyOf = (value: Expression): Condition =>
      any(values.map((text) => this.#matches(field, operator, text, value)));
    if (field.kind !== 'list') return anyOf(column);
    return this.#someElement(column, anyOf(this.#dialect.element(field, 'element')));
  }

  #hasWords({ kind }: FieldColumn, column: Expression, values: readonly string[]): Condition {
    const anyOf = (words: Expression): Condition =>
      any(values.map((text) => this.#dialect.hasWords(words, plainText(text))));
    return kind === 'list' ? this.#someElement(column, anyOf(sql.ref('element.value'))) : anyOf(column);
  }

  #someElement(list: Expression, condition: Condition): Condition {
    return sql`exists (select 1 from ${this.#dialect.elements(list, 'element')} where ${condition})`;
  }

  /** `value` is one value: the column, or an element of a list. */
  #matches(field: FieldColumn, operator: Comparing, text: string, value: Expression): Condition {
    const dialect = this.#dialect;
    if (operator === 'contains' || operator === 'starts' || operator === 'ends')
      return dialect[operator](value, plainText(text));
    const wanted = operandOf(field.definition, text);
    if (operator === 'is') return sql`${value} = ${dialect.operand(wanted)}`;
    if (operator !== 'has_terms') return this.#compare(field, RANGES[operator], wanted, value);
    return typeof wanted === 'string'
      ? dialect.sameTerm(value, wanted)
      : sql`${value} = ${dialect.operand(wanted)}`;
  }

  #compare(field: FieldColumn, comparison: Expression, limit: Scalar, value: Expression): Condition {
    const { operand } = this.#dialect;
    if (field.definition.type !== 'version') return sql`${value} ${comparison} ${operand(limit)}`;
    const ordered = field.orderColumn ? orderRef(field) : value;
    return sql`${ordered} ${comparison} ${operand(versionKey(String(limit)))}`;
  }
}
