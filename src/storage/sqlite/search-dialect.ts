/** A search as SQLite says it. */
import { sql } from 'kysely';
import type { FieldColumn } from '../sql-search/field-columns.ts';
import type { Expression, SearchDialect } from '../sql-search/search-dialect.ts';

const TO_HOUR = sql.lit('%Y-%m-%dT%H:00:00.000Z');
const TO_DAY = sql.lit('%Y-%m-%dT00:00:00.000Z');

/**
 * SQLite reads a whole number as an integer of up to 64 bits, which is not the float that was written (2^62 is written
 * 4611686018427388000), and Node refuses it.
 */
const asKept = ({ definition: { type } }: FieldColumn, value: Expression): Expression =>
  type === 'integer' || type === 'number' ? sql`cast(${value} as real)` : value;

export const SQLITE: SearchDialect = {
  operand: (value) => sql`${typeof value === 'boolean' ? Number(value) : value}`,
  contains: (value, text) => sql`instr(${value}, ${text}) > 0`,
  starts: (value, text) => sql`substr(${value}, 1, length(${text})) = ${text}`,
  // substr(x, -0) is all of x.
  ends: (value, text) =>
    text === '' ? sql`${value} is not null` : sql`substr(${value}, -length(${text})) = ${text}`,
  // NOCASE is of ASCII letters only.
  sameTerm: (value, text) => sql`${value} = ${text} collate nocase`,
  hasWords: (words, text) => sql`auxilio_has_words(${words}, ${text})`,
  elements: (json, table) => sql`json_each(${json}) as ${sql.table(table)}`,
  element: (field, table) => asKept(field, sql.ref(`${table}.value`)),
  asKept,
  bars: {
    hour: (value) => sql`strftime(${TO_HOUR}, ${value})`,
    day: (value) => sql`strftime(${TO_DAY}, ${value})`,
    // Weeks begin on Monday, as ISO has them: the Sunday on or after the day, less six days.
    week: (value) => sql`strftime(${TO_DAY}, ${value}, 'weekday 0', '-6 days')`,
  },
  show({ kind }) {
    if (kind === 'flag') return (stored) => (stored === null ? null : stored === 1);
    if (kind === 'list')
      return (stored) => (stored === null ? null : (JSON.parse(String(stored)) as unknown));
    return (stored) => stored;
  },
};
