/**
 * Which column of `crash` holds a field. A column's name begins with the way its values are stored, so that a field
 * whose type changes gets a new column and the values of another kind stay out of it.
 */
import type { FieldDefinition } from '../../search/fields.ts';

/** `list` is JSON. */
export type Kind = 'text' | 'number' | 'flag' | 'list';

export interface FieldColumn {
  readonly definition: FieldDefinition;
  readonly kind: Kind;
  readonly column: string;
  /** Versions: a second column whose byte order is the order of the values. */
  readonly orderColumn?: string;
  /** Texts: where words are looked for, the column itself unless the engine keeps them in another. */
  readonly wordsColumn?: string;
}

/** By name. */
export type Fields = ReadonlyMap<string, FieldColumn>;

const PREFIX: { readonly [K in Kind]: string } = { text: 't', number: 'r', flag: 'b', list: 'j' };

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
  const { from, path, name, type } = definition;
  const builtIn = from === 'processed' ? BUILT_IN.get(path) : undefined;
  const kind = builtIn ? 'text' : kindOf(definition);
  const column = builtIn ?? `${PREFIX[kind]}_${name}`;
  return {
    definition,
    kind,
    column,
    ...(type === 'version' && kind === 'text' && !builtIn ? { orderColumn: `v_${name}` } : {}),
    ...(type === 'text' ? { wordsColumn: column } : {}),
  };
}

export const isBuiltIn = ({ column }: FieldColumn): boolean => [...BUILT_IN.values()].includes(column);
