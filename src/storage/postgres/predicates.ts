/** Filters as SQL conditions on `crash` (alias `c`). Values are always parameters, names always quoted. */
import { type RawBuilder, sql } from 'kysely';
import { wordsOf } from '../../lib/words.ts';
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

/** Text that came out of JSON, as a column keeps values of the field. */
export function asKept({ definition }: FieldColumn, text: Expression): Expression {
  switch (definition.type) {
    case 'integer':
    case 'number':
      return sql`(${text})::double precision`;
    case 'boolean':
      return sql`(${text})::boolean`;
    default:
      return sql`(${text}) collate "C"`;
  }
}

/** One element of a list, from `jsonb_array_elements` by this name. */
export const elementRef = (field: FieldColumn, table: string): Expression =>
  asKept(field, sql`${sql.ref(`${table}.value`)} #>> '{}'`);

/** The elements of a list. */
export const elementsOf = (field: FieldColumn, table: string): Expression =>
  sql`jsonb_array_elements(${columnRef(field)}) as ${sql.table(table)}(value)`;

/** What the field is ordered by. */
export const orderRef = (field: FieldColumn): Expression => sql.ref(`c.${field.orderColumn ?? field.column}`);

/** A parameter that Postgres need not guess the type of. */
function operand(value: Scalar): Expression {
  if (typeof value === 'number') return sql`${value}::double precision`;
  return typeof value === 'boolean' ? sql`${value}::boolean` : sql`${value}::text`;
}

const textOf = (text: string): Expression => operand(plainText(text));

function compare(field: FieldColumn, operator: Operator, value: Scalar, expression: Expression): Condition {
  const comparison = COMPARISONS[operator] ?? sql`=`;
  if (field.definition.type !== 'version') return sql`${expression} ${comparison} ${operand(value)}`;
  const ordered = field.orderColumn ? orderRef(field) : expression;
  return sql`${ordered} ${comparison} ${operand(versionKey(String(value)))}`;
}

/** `expression` is one value: the column, or an element of a list. */
function matches(field: FieldColumn, operator: Operator, text: string, expression: Expression): Condition {
  const { definition } = field;
  if (isRange(operator)) return compare(field, operator, operandOf(definition, text), expression);
  switch (operator) {
    case 'is':
      return sql`${expression} = ${operand(operandOf(definition, text))}`;
    case 'has_terms':
      return sameTerm(definition, text, expression);
    case 'contains':
      return sql`strpos(${expression}, ${textOf(text)}) > 0`;
    case 'starts':
      return sql`starts_with(${expression}, ${textOf(text)})`;
    case 'ends':
      return sql`right(${expression}, length(${textOf(text)})) = ${textOf(text)}`;
    default:
      return sql`${expression} is not null`;
  }
}

/** In collation "C" `lower` is of ASCII letters only. */
function sameTerm(definition: FieldDefinition, text: string, expression: Expression): Condition {
  const value = operandOf(definition, text);
  return typeof value === 'string'
    ? sql`lower(${expression} collate "C") = lower(${operand(value)} collate "C")`
    : sql`${expression} = ${operand(value)}`;
}

/** Every word of the wanted text is a word of `words`, an array in JSONB. No word wanted: nothing has it. */
function hasWords(text: string, words: Expression): Condition {
  const wanted = wordsOf(plainText(text));
  return wanted.length === 0 ? sql`false` : sql`${words} @> ${JSON.stringify(wanted)}::jsonb`;
}

const any = (conditions: readonly Condition[]): Condition => sql`(${sql.join(conditions, sql` or `)})`;
const all = (conditions: readonly Condition[]): Condition => sql`(${sql.join(conditions, sql` and `)})`;

function found(field: FieldColumn, { operator, values }: Filter): Condition {
  const column = columnRef(field);
  if (operator === 'exists') return sql`${column} is not null`;
  const isList = field.kind === 'list';
  if (operator === 'has_terms' && field.wordsColumn !== undefined) {
    const words = sql.ref(`c.${field.wordsColumn}`);
    if (!isList) return any(values.map((value) => hasWords(value, words)));
    const one = any(values.map((value) => hasWords(value, sql`element.value`)));
    return sql`exists (select 1 from jsonb_array_elements(${words}) as element(value) where ${one})`;
  }
  if (!isList) return any(values.map((value) => matches(field, operator, value, column)));
  const one = any(values.map((value) => matches(field, operator, value, elementRef(field, 'element'))));
  return sql`exists (select 1 from ${elementsOf(field, 'element')} where ${one})`;
}

function condition(store: string, field: FieldColumn, filter: Filter): Condition {
  checkOperator(field.definition, filter.operator, filter.values);
  if (filter.operator === 'regex') {
    throw new StorageError('unsupported', store, `${filter.field}: this store has no regular expressions`);
  }
  // Not `not`: a crash without a value does not match, and so is in the answer of the negated filter.
  return filter.not ? sql`(${found(field, filter)}) is not true` : found(field, filter);
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
  const conditions: Condition[] = [...period(query)];
  for (const [name, filters] of Map.groupBy(query.filters, (filter) => filter.field)) {
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
