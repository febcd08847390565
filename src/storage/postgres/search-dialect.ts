/** A search as PostgreSQL says it. */
import { sql } from 'kysely';
import { wordsOf } from '../../lib/words.ts';
import type { Scalar } from '../../search/values.ts';
import type { FieldColumn } from '../sql-search/field-columns.ts';
import type { Expression, SearchDialect } from '../sql-search/search-dialect.ts';

/** A parameter that Postgres need not guess the type of. */
function operand(value: Scalar): Expression {
  if (typeof value === 'number') return sql`${value}::double precision`;
  return typeof value === 'boolean' ? sql`${value}::boolean` : sql`${value}::text`;
}

/** Out of JSON comes text. */
function asKept({ definition }: FieldColumn, text: Expression): Expression {
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

/** `words` is an array in JSONB. No word wanted: nothing has it. */
function hasWords(words: Expression, text: string): Expression {
  const wanted = wordsOf(text);
  return wanted.length === 0 ? sql`false` : sql`${words} @> ${JSON.stringify(wanted)}::jsonb`;
}

/** Postgres has no year 0; weeks repeat every 400 years, so that year is reckoned as the year 400. */
const week = (value: Expression): Expression =>
  sql`(case when ${value} like '0000-%'
    then overlay(to_char(date_trunc('week', ('04' || substr(${value}, 3, 8))::timestamp), 'YYYY-MM-DD') placing '00' from 1)
    else to_char(date_trunc('week', substr(${value}, 1, 10)::timestamp), 'YYYY-MM-DD') end
    || 'T00:00:00.000Z')`;

export const POSTGRES: SearchDialect = {
  operand,
  contains: (value, text) => sql`strpos(${value}, ${operand(text)}) > 0`,
  starts: (value, text) => sql`starts_with(${value}, ${operand(text)})`,
  ends: (value, text) => sql`right(${value}, length(${operand(text)})) = ${operand(text)}`,
  // In collation "C" `lower` is of ASCII letters only.
  sameTerm: (value, text) => sql`lower(${value} collate "C") = lower(${operand(text)} collate "C")`,
  hasWords,
  elements: (json, table) => sql`jsonb_array_elements(${json}::jsonb) as ${sql.table(table)}(value)`,
  element: (field, table) => asKept(field, sql`${sql.ref(`${table}.value`)} #>> '{}'`),
  asKept,
  // Of ISO text, without leaving the text where that is enough.
  bars: {
    hour: (value) => sql`(substr(${value}, 1, 13) || ':00:00.000Z')`,
    day: (value) => sql`(substr(${value}, 1, 10) || 'T00:00:00.000Z')`,
    week,
  },
  show: () => (stored) => stored,
};
