/**
 * How the fields lie in a document and in the index. A value stands under the name of its field and of its type,
 * `signature.keyword`: a field whose type changes gets a second property, and values of another kind stay out of it.
 * Nothing is mapped dynamically: what is not listed here is refused by the index.
 */
import type { FieldDefinition, FieldType } from '../../search/fields.ts';
import { StorageError } from '../errors.ts';

export interface Property {
  readonly type?: string;
  readonly properties?: Properties;
  readonly [setting: string]: unknown;
}

export type Properties = { readonly [name: string]: Property };

/** Longest term that Lucene takes, and so the longest value of a keyword, in bytes of UTF-8. */
export const MAX_TERM_BYTES = 32_766;

const KEYWORD: Property = { type: 'keyword' };
/** Kept and given back, and nothing else. */
const KEPT: Property = { type: 'object', enabled: false };

/** What each type is kept as. */
const BY_TYPE: { readonly [T in FieldType]: Properties } = {
  keyword: { keyword: KEYWORD, whole: KEPT },
  // The words are ours, not an analyzer's: every store must agree on what a word is (`word-terms.ts`).
  text: { text: KEYWORD, words: { type: 'keyword', doc_values: false }, whole: KEPT },
  version: { version: KEYWORD, order: KEYWORD, whole: KEPT },
  integer: { integer: { type: 'long' } },
  number: { number: { type: 'double' } },
  boolean: { boolean: { type: 'boolean' } },
  date: { date: { type: 'date' } },
};

/** Of every document: what the store itself goes by, and what is only kept. */
const OWN: Properties = {
  crash_id: KEYWORD,
  /** The date in the crash id, `YYMMDD`: what `list` goes by. */
  crash_day: KEYWORD,
  /** `date_processed`: what periods are about. */
  crash_date: { type: 'date' },
  /** Names of the fields that this crash had and that could not be indexed as they were. */
  removed_fields: KEYWORD,
  signature_input: KEPT,
  signature_trace: KEPT,
  document: KEPT,
};

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Throws `invalid` when a name is none, or is the store's own. */
export function checkFieldName(store: string, name: string): void {
  if (!NAME.test(name)) throw new StorageError('invalid', store, `${name} is no name for a field`);
  if (Object.hasOwn(OWN, name))
    throw new StorageError('invalid', store, `${name} is no name for a field: the store has it for itself`);
}

const STRICT = { dynamic: 'strict' } as const;

/** The properties of an index for these fields. */
export function propertiesOf(fields: Iterable<FieldDefinition>): Properties {
  const properties: { [name: string]: Property } = { ...OWN };
  for (const { name, type } of fields) properties[name] = { ...STRICT, properties: BY_TYPE[type] };
  return properties;
}

export const mappingOf = (fields: Iterable<FieldDefinition>) =>
  ({ ...STRICT, date_detection: false, numeric_detection: false, properties: propertiesOf(fields) }) as const;

/**
 * What live properties lack of the wanted ones, and the names of the fields whose live mapping is another: they cannot be
 * mended there, since a type of a property is for ever.
 */
export function compareProperties(
  live: Properties,
  wanted: Properties,
): { readonly missing: Properties; readonly conflicts: readonly string[] } {
  const missing: { [name: string]: Property } = {};
  const conflicts: string[] = [];
  for (const [name, property] of Object.entries(wanted)) {
    const present = live[name];
    if (!present) missing[name] = property;
    else if (property.properties) {
      const inner = present.properties && compareProperties(present.properties, property.properties);
      if (!inner || inner.conflicts.length > 0) conflicts.push(name);
      if (inner && Object.keys(inner.missing).length > 0)
        missing[name] = { ...STRICT, properties: inner.missing };
    } else if (typeOf(present) !== typeOf(property)) conflicts.push(name);
  }
  return { missing, conflicts };
}

/** Elasticsearch leaves `object` out where there are settings or properties. */
const typeOf = ({ type, enabled }: Property): string =>
  type === undefined || type === 'object' ? `object ${enabled !== false && enabled !== 'false'}` : type;
