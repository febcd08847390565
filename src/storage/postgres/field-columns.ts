/**
 * Which column of `crash` holds a field. A column's name begins with the way its values are stored, so that a field
 * whose type changes gets a new column and the values of another kind stay out of it.
 */
import { wordsOf } from '../../lib/words.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { type FieldValue, plainText } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';

/** `list` is JSONB. */
export type Kind = 'text' | 'number' | 'flag' | 'list';

export interface FieldColumn {
  readonly definition: FieldDefinition;
  readonly kind: Kind;
  readonly column: string;
  /** Versions: a second column whose byte order is the order of the values. */
  readonly orderColumn?: string;
  /** Texts: a second column with the words, a JSONB array; of a list, an array of such arrays. */
  readonly wordsColumn?: string;
}

const PREFIX: { readonly [K in Kind]: string } = { text: 't', number: 'r', flag: 'b', list: 'j' };
/** Text compares byte by byte, as in every other store. */
const TEXT = 'text collate "C"';
const SQL_TYPE: { readonly [K in Kind]: string } = {
  text: TEXT,
  number: 'double precision',
  flag: 'boolean',
  list: 'jsonb',
};

function kindOf({ type, many }: FieldDefinition): Kind {
  if (many) return 'list';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'flag' : 'text';
}

/** Crash id and date are columns from the beginning. */
const BUILT_IN: ReadonlyMap<string, string> = new Map([
  ['id', 'id'],
  ['date_processed', 'date'],
]);

export function columnOf(definition: FieldDefinition): FieldColumn {
  const builtIn = definition.from === 'processed' ? BUILT_IN.get(definition.path) : undefined;
  if (builtIn) return { definition, kind: 'text', column: builtIn };
  const kind = kindOf(definition);
  const { name, type } = definition;
  return {
    definition,
    kind,
    column: `${PREFIX[kind]}_${name}`,
    ...(type === 'version' && kind === 'text' ? { orderColumn: `v_${name}` } : {}),
    ...(type === 'text' ? { wordsColumn: `w${PREFIX[kind]}_${name}` } : {}),
  };
}

export const isBuiltIn = (field: FieldColumn): boolean => field.column === 'id' || field.column === 'date';

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
