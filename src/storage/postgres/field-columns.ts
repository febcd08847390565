/** SQL types and values of the columns that hold fields. */
import { wordsOf } from '../../lib/words.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { type FieldValue, plainText } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';
import {
  columnOf as commonColumnOf,
  type FieldColumn,
  isBuiltIn,
  type Kind,
} from '../sql-search/field-columns.ts';

/** Text compares byte by byte, as in every other store. */
const TEXT = 'text collate "C"';
const SQL_TYPE: { readonly [K in Kind]: string } = {
  text: TEXT,
  number: 'double precision',
  flag: 'boolean',
  list: 'jsonb',
};

/** With the words of a text in a column of their own, a JSONB array; of a list, an array of such arrays. */
export function columnOf(definition: FieldDefinition): FieldColumn {
  const { wordsColumn, ...field } = commonColumnOf(definition);
  return wordsColumn === undefined || isBuiltIn(field) ? field : { ...field, wordsColumn: `w${wordsColumn}` };
}

/** Columns to be added to `crash`, with their SQL type. */
export function columnsNeeded(field: FieldColumn): readonly (readonly [name: string, type: string])[] {
  if (isBuiltIn(field)) return [];
  const columns: (readonly [string, string])[] = [[field.column, SQL_TYPE[field.kind]]];
  if (field.orderColumn) columns.push([field.orderColumn, TEXT]);
  if (field.wordsColumn) columns.push([field.wordsColumn, 'jsonb']);
  return columns;
}

const words = (value: unknown): readonly string[] => [...new Set(wordsOf(plainText(String(value))))];

/** The values of the columns of a field, in the order of `columnsNeeded`. */
export function columnValues(field: FieldColumn, value: FieldValue): readonly unknown[] {
  const isList = typeof value === 'object' && value !== null;
  const values: unknown[] = [isList ? JSON.stringify(value) : value];
  if (field.orderColumn) values.push(typeof value === 'string' ? versionKey(value) : null);
  if (field.wordsColumn) {
    if (value === null) values.push(null);
    else values.push(JSON.stringify(isList ? value.map(words) : words(value)));
  }
  return values;
}
