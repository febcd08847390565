/** Filters as SQL conditions on `crash` (alias `c`). Values are always parameters, names always quoted. */
import { type RawBuilder, sql } from 'kysely';
import { QueryError } from '../../search/errors.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import type { Filter, Operator, SearchQuery } from '../../search/query.ts';
import { checkOperator, isRange, operandOf, plainText, type Scalar } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';
import { StorageError } from '../errors.ts';
import type { FieldColumn } from './field-columns.ts';

export type Condition = RawBuilder<unknown>;
type Expression = RawBuilder<unknown>;

const COMPARISONS: { readonly [O in Operator]?: RawBuilder<unknown> } = {
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
};

export const columnRef = (field: FieldColumn): Expression => sql.ref(`c.${field.column}`);

/**
 * What JSON has of a field's value, as a column keeps it. SQLite reads a whole number as an integer of up to 64 bits,
 * which is not the float that was written (2^62 is written 4611686018427388000), and Node refuses it.
 */
export function asKept({ definition }: FieldColumn, value: Expression): Expression {
  return definition.type === 'integer' || definition.type === 'number' ? sql`cast(${value} as real)` : value;
}

/** One element of a list, from `json_each` by this name. */
export const elementRef = (field: FieldColumn, table: string): Expression =>
  asKept(field, sql.ref(`${table}.value`));

/** What the field is ordered by. */
export const orderRef = (field: FieldColumn): Expression => sql.ref(`c.${field.orderColumn ?? field.column}`);

const bindable = (value: Scalar): string | number => (typeof value === 'boolean' ? Number(value) : value);

function compare(field: FieldColumn, operator: Operator, value: Scalar, expression: Expression): Condition {
  const comparison = COMPARISONS[operator] ?? sql`=`;
  if (field.definition.type !== 'version') return sql`${expression} ${comparison} ${bindable(value)}`;
  const ordered = field.orderColumn ? orderRef(field) : expression;
  return sql`${ordered} ${comparison} ${versionKey(String(value))}`;
}

/** `expression` is one value: the column, or an element of a list. */
function matches(field: FieldColumn, operator: Operator, text: string, expression: Expression): Condition {
  const { definition } = field;
  if (isRange(operator)) return compare(field, operator, operandOf(definition, text), expression);
  const plain = plainText(text);
  switch (operator) {
    case 'is':
      return sql`${expression} = ${bindable(operandOf(definition, text))}`;
    case 'has_terms':
      return hasTerms(definition, text, expression);
    case 'contains':
      return sql`instr(${expression}, ${plain}) > 0`;
    case 'starts':
      return sql`substr(${expression}, 1, length(${plain})) = ${plain}`;
    case 'ends':
      // substr(x, -0) is all of x.
      return plain === ''
        ? sql`${expression} is not null`
        : sql`substr(${expression}, -length(${plain})) = ${plain}`;
    default:
      return sql`${expression} is not null`;
  }
}

function hasTerms(definition: FieldDefinition, text: string, expression: Expression): Condition {
  if (definition.type === 'text') return sql`auxilio_has_words(${expression}, ${plainText(text)})`;
  const value = bindable(operandOf(definition, text));
  // NOCASE is of ASCII letters only.
  return typeof value === 'string'
    ? sql`${expression} = ${value} collate nocase`
    : sql`${expression} = ${value}`;
}

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

function condition(store: string, field: FieldColumn, filter: Filter): Condition {
  const { operator, values } = filter;
  checkOperator(field.definition, operator, values);
  if (operator === 'regex') {
    throw new StorageError('unsupported', store, `${filter.field}: this store has no regular expressions`);
  }
  const column = columnRef(field);
  let found: Condition;
  if (operator === 'exists') found = sql`${column} is not null`;
  else if (field.kind === 'list') {
    const element = elementRef(field, 'element');
    const one = any(values.map((value) => matches(field, operator, value, element)));
    found = sql`exists (select 1 from json_each(${column}) as element where ${one})`;
  } else found = any(values.map((value) => matches(field, operator, value, column)));
  // Not `not`: a crash without a value does not match, and so is in the answer of the negated filter.
  return filter.not ? sql`(${found}) is not true` : found;
}

/**
 * Everything that a crash must be to be found: in the period, and for each field within all of its ranges and
 * one of its other filters.
 */
export function where(
  store: string,
  query: Pick<SearchQuery, 'from' | 'to' | 'filters'>,
  fields: ReadonlyMap<string, FieldColumn>,
): Condition {
  const byField = Map.groupBy(query.filters, (filter) => filter.field);
  const conditions: Condition[] = [...period(query)];
  for (const [name, filters] of byField) {
    const field = fields.get(name);
    if (!field) throw new StorageError('internal', store, `field ${name} was not looked up`);
    const [ranges, others] = [filters.filter(isBound), filters.filter((f) => !isBound(f))];
    conditions.push(...ranges.map((filter) => condition(store, field, filter)));
    if (others.length > 0) conditions.push(any(others.map((filter) => condition(store, field, filter))));
  }
  return all(conditions);
}

/** A range that is not negated. */
const isBound = (filter: Filter): boolean => isRange(filter.operator) && !filter.not;

/** Dates are kept as ISO text of one length, so that text order is time order. */
export const period = ({ from, to }: { readonly from: Date; readonly to: Date }): readonly Condition[] => [
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
