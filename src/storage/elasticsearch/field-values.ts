/** A crash's value of a field in the form that the index has it, and what had to be done to it. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { type FieldValue, foundIn, type Scalar, scalarOf, valueIn } from '../../search/values.ts';
import { versionKey } from '../../search/version-order.ts';
import { MAX_TERM_BYTES } from './mapping.ts';
import { wordTerms } from './word-terms.ts';

/** Why a field of a crash is not in the index as the crash has it. */
export type Reason =
  /** No value of the field's type; left out. */
  | 'malformed'
  /** The number is beyond what the type holds; left out. */
  | 'out_of_range'
  /** Found by its beginning; shown whole. */
  | 'too_long'
  /** The index has another mapping for it; left out. */
  | 'conflict'
  /** The server would not take it; left out. */
  | 'refused';

export interface IndexedValue {
  /** What stands under the field's name; undefined when there is nothing to keep. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly reason: Reason | undefined;
}

/** Bytes of the longest character in UTF-8, of one unit of UTF-16. */
const BYTES_PER_UNIT = 3;

/** The beginning of a text that Lucene takes as one term; never ends in the middle of a character. */
function cutTerm(text: string): string {
  if (text.length * BYTES_PER_UNIT <= MAX_TERM_BYTES) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_TERM_BYTES) return text;
  let end = MAX_TERM_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

const LONG_LIMIT = 2 ** 63;

const listOf = (value: FieldValue): readonly Scalar[] =>
  typeof value === 'object' ? (value ?? []) : [value];

const isSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');

/** True when the crash had something that the field's type has no place for. */
function isMalformed({ type, many }: FieldDefinition, found: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  const values = many || list.length <= 1 ? list : [list];
  return values.some((value) => isSomething(value) && scalarOf(type, value) === undefined);
}

/** Under the name of the type, and what goes with it. */
function under(definition: FieldDefinition, value: FieldValue): Pick<IndexedValue, 'value' | 'reason'> {
  const { type, many } = definition;
  const one = <T>(values: readonly T[]): T | readonly T[] | undefined => (many ? values : values[0]);
  const all = listOf(value);
  if (type === 'keyword' || type === 'text' || type === 'version') {
    const texts = all.map(String);
    const terms = texts.map(cutTerm);
    const isCut = terms.some((term, i) => term !== texts[i]);
    return {
      value: {
        [type]: one(terms),
        ...(type === 'text' && { words: [...new Set(texts.flatMap((text) => wordTerms(text)))] }),
        ...(type === 'version' && { order: one(terms.map((term) => cutTerm(versionKey(term)))) }),
        ...(isCut && { whole: one(texts) }),
      },
      reason: isCut ? 'too_long' : undefined,
    };
  }
  const kept = type === 'integer' ? all.filter((n) => Math.abs(Number(n)) < LONG_LIMIT) : all;
  const reason = kept.length < all.length ? 'out_of_range' : undefined;
  return { value: kept.length > 0 ? { [type]: one(kept) } : undefined, reason };
}

export function indexedValue(
  definition: FieldDefinition,
  raw: RawCrash,
  processed: ProcessedCrash,
): IndexedValue {
  const value = valueIn(definition, raw, processed);
  const isBad = isMalformed(definition, foundIn(definition, raw, processed));
  if (value === null) return { value: undefined, reason: isBad ? 'malformed' : undefined };
  const indexed = under(definition, value);
  return isBad ? { value: indexed.value, reason: 'malformed' } : indexed;
}

/** What a row shows of a field of a document; null when the document has nothing. */
export function shownValue(
  { name, type, many }: FieldDefinition,
  source: Readonly<Record<string, unknown>>,
): unknown {
  const held = source[name];
  if (typeof held !== 'object' || held === null) return null;
  const { whole, [type]: value } = held as Readonly<Record<string, unknown>>;
  const shown = whole ?? value ?? null;
  // Saved when the field was no list yet.
  return many && shown !== null && !Array.isArray(shown) ? [shown] : shown;
}

/** The parts of a document that `shownValue` needs. */
export const sourceOf = ({ name, type }: FieldDefinition): readonly string[] => [
  `${name}.${type}`,
  `${name}.whole`,
];
