/** What a crash has for a field, as every store that searches keeps it: by type, in one form. */
import type { ProcessedCrash } from '../model/processed-crash.ts';
import type { RawCrash } from '../model/report.ts';
import { QueryError } from './errors.ts';
import type { FieldDefinition, FieldType } from './fields.ts';
import type { Operator } from './query.ts';

/** Dates are ISO 8601 text, UTC, with milliseconds. */
export type Scalar = string | number | boolean;
/** A list is never empty and has no value twice. */
export type FieldValue = Scalar | readonly Scalar[] | null;

const RANGES = ['gt', 'gte', 'lt', 'lte'] as const;
const ALWAYS = ['is', 'has_terms', 'exists'] as const;
const TEXTUAL = ['contains', 'starts', 'ends', 'regex'] as const;

/** Operators that make sense of a type; a store may have fewer. */
export const OPERATORS: { readonly [T in FieldType]: ReadonlySet<Operator> } = {
  keyword: new Set([...ALWAYS, ...TEXTUAL]),
  text: new Set([...ALWAYS, ...TEXTUAL]),
  version: new Set([...ALWAYS, ...TEXTUAL, ...RANGES]),
  integer: new Set([...ALWAYS, ...RANGES]),
  number: new Set([...ALWAYS, ...RANGES]),
  date: new Set([...ALWAYS, ...RANGES]),
  boolean: new Set([...ALWAYS]),
};

export const isRange = (operator: Operator): boolean => RANGES.some((range) => range === operator);

/**
 * Text that every engine can keep: Postgres takes no NUL, UTF-8 no half of a surrogate pair. Both become U+FFFD, in
 * what is stored and in what is asked for. Test: search suite "hostile values".
 */
export const plainText = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();

/** Without a zone: UTC, not the zone of the machine. */
const ZONELESS = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;

/** ISO 8601 or what `Date` reads, in the years 0 to 9999; undefined when it is no date. */
export function dateText(text: string): string | undefined {
  const trimmed = text.trim();
  const date = new Date(ZONELESS.test(trimmed) ? `${trimmed.replace(' ', 'T')}Z` : trimmed);
  if (Number.isNaN(date.getTime())) return undefined;
  const iso = date.toISOString();
  return iso.length === 24 ? iso : undefined;
}

const NUMERIC = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && NUMERIC.test(value.trim()) ? Number(value) : value;
  // -0 + 0 is 0: engines do not agree on the other one.
  return typeof number === 'number' && Number.isFinite(number) ? number + 0 : undefined;
}

const TRUE: ReadonlySet<string> = new Set(['true', 't', '1', 'y', 'yes']);
const FALSE: ReadonlySet<string> = new Set(['false', 'f', '0', 'n', 'no']);

function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = String(value).toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return plainText(value);
  if (value === null || value === undefined) return undefined;
  return plainText(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** One value in the form of the type; undefined when it is none. */
export function scalarOf(type: FieldType, value: unknown): Scalar | undefined {
  switch (type) {
    case 'integer': {
      const number = numberOf(value);
      return number !== undefined && Number.isInteger(number) ? number : undefined;
    }
    case 'number':
      return numberOf(value);
    case 'boolean':
      return booleanOf(value);
    case 'date':
      return typeof value === 'string' ? dateText(value) : undefined;
    default:
      return textOf(value);
  }
}

/** Every value that the path leads to; a list on the way is gone through. */
function* follow(value: unknown, path: readonly string[]): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const element of value) yield* follow(element, path);
    return;
  }
  const [key, ...rest] = path;
  if (key === undefined) {
    yield value;
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, key)) {
    yield* follow((value as Readonly<Record<string, unknown>>)[key], rest);
  }
}

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;

/** What the crash has where the field's values are, of whatever type; of a list field all that its path leads to. */
export function foundIn(field: FieldDefinition, raw: RawCrash, processed: ProcessedCrash): unknown {
  // The name of an annotation may have dots in it.
  if (field.from === 'raw') return at(raw.annotations, field.path);
  const path = field.path.split('.');
  const root = field.from === 'collector' ? raw.metadata : processed;
  if (field.many) return [...follow(root, path)];
  return path.reduce<unknown>((value, key) => at(value, key), root);
}

/** What the crash has for the field; null when it has nothing, or nothing of the field's type. */
export function valueIn(field: FieldDefinition, raw: RawCrash, processed: ProcessedCrash): FieldValue {
  const value = foundIn(field, raw, processed);
  if (field.many) {
    const list = (Array.isArray(value) ? (value as readonly unknown[]) : [value])
      .map((element) => scalarOf(field.type, element))
      .filter((element) => element !== undefined);
    return list.length === 0 ? null : [...new Set(list)];
  }
  const single = Array.isArray(value) && value.length <= 1 ? (value[0] as unknown) : value;
  return scalarOf(field.type, single) ?? null;
}

/** `date_processed`, the time that periods are about: when the crash was received. */
export const dateOf = (raw: RawCrash, processed: ProcessedCrash): string =>
  (typeof processed.date_processed === 'string' ? dateText(processed.date_processed) : undefined) ??
  dateText(raw.receivedAt) ??
  new Date(0).toISOString();

/** A value of a filter, as text, in the form that the field's values have. Throws `QueryError` `invalid`. */
export function operandOf(field: FieldDefinition, text: string): Scalar {
  const value = scalarOf(field.type, text);
  if (value !== undefined) return value;
  const wanted = { integer: 'a whole number', number: 'a number', boolean: 'true or false', date: 'a date' };
  const expected = wanted[field.type as keyof typeof wanted] ?? 'text';
  throw new QueryError('invalid', `${field.name}: ${JSON.stringify(text)} is not ${expected}`, [field.name]);
}

/** Throws `QueryError` `invalid` when the operator makes no sense of the field, or its values are missing. */
export function checkOperator(field: FieldDefinition, operator: Operator, values: readonly string[]): void {
  if (!OPERATORS[field.type].has(operator)) {
    throw new QueryError('invalid', `${field.name}: ${operator} does not go with type ${field.type}`, [
      field.name,
    ]);
  }
  if (values.length === 0 && operator !== 'exists') {
    throw new QueryError('invalid', `${field.name}: ${operator} needs a value`, [field.name]);
  }
}
