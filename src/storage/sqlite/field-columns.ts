/** SQL types and values of the columns that hold fields. */
import type { SqlValue } from '../../database/sqlite-protocol.ts';
import type { FieldValue } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';
import { type FieldColumn, isBuiltIn, type Kind } from '../sql-search/field-columns.ts';

/** Numbers as float: SQLite's integers may be larger than ours. A flag is 0 or 1, a list JSON. */
const SQL_TYPE: { readonly [K in Kind]: string } = {
  text: 'text',
  number: 'real',
  flag: 'integer',
  list: 'text',
};

/** Columns to be added to `crash`, with their SQL type. */
export function columnsNeeded(field: FieldColumn): readonly (readonly [name: string, type: string])[] {
  if (isBuiltIn(field)) return [];
  const columns: (readonly [string, string])[] = [[field.column, SQL_TYPE[field.kind]]];
  if (field.orderColumn) columns.push([field.orderColumn, 'text']);
  return columns;
}

/** The values of the columns of a field, in the order of `columnsNeeded`. */
export function columnValues(field: FieldColumn, value: FieldValue): readonly SqlValue[] {
  const stored = storedValue(value);
  if (!field.orderColumn) return [stored];
  return [stored, typeof value === 'string' ? versionKey(value) : null];
}

function storedValue(value: FieldValue): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return value;
}
