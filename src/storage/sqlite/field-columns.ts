/**
 * Which column of `crash` holds a field. A column's name begins with the way its values are stored, so that a field
 * whose type changes gets a new column and the values of another kind stay out of it.
 */
import type { SqlValue } from '../../database/sqlite-protocol.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import type { FieldValue } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';

/** `text`, `number` (as float: SQLite's integers may be larger than ours), `flag` 0 or 1, `list` as JSON. */
type Kind = 'text' | 'number' | 'flag' | 'list';

export interface FieldColumn {
  readonly definition: FieldDefinition;
  readonly kind: Kind;
  readonly column: string;
  /** A second column whose byte order is the order of the values; versions have one. */
  readonly orderColumn?: string;
}

const PREFIX: { readonly [K in Kind]: string } = { text: 't', number: 'r', flag: 'b', list: 'j' };
const SQL_TYPE: { readonly [K in Kind]: string } = {
  text: 'text',
  number: 'real',
  flag: 'integer',
  list: 'text',
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
  const column = `${PREFIX[kind]}_${definition.name}`;
  return definition.type === 'version' && kind === 'text'
    ? { definition, kind, column, orderColumn: `v_${definition.name}` }
    : { definition, kind, column };
}

export const isBuiltIn = (field: FieldColumn): boolean => field.column === 'id' || field.column === 'date';

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

/** What a hit or a row shows of the column's value. */
export function shownValue(field: FieldColumn, stored: SqlValue): unknown {
  if (stored === null) return null;
  if (field.kind === 'flag') return stored === 1;
  return field.kind === 'list' ? (JSON.parse(String(stored)) as unknown) : stored;
}
