/** Reading what the client sent: always as text without NULs, under any of the names that clients use. */
import type { RawCrash } from '../model/report.ts';

// Some Windows clients send values with the terminating NUL of their buffer, or a whole buffer's rest after it.
// Test: test/processor/annotation-rules.test.ts "NUL".
const withoutNul = (text: string): string => text.replaceAll('\0', '');

/** The first of `names` that the client sent, NULs removed; undefined when it sent none. */
export function annotation(raw: RawCrash, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    if (Object.hasOwn(raw.annotations, name)) return withoutNul(raw.annotations[name] as string);
  }
  return undefined;
}

const WHOLE = /^[+-]?\d+$/;

/** Undefined when the text is not a whole number that a double holds exactly. */
export function wholeNumber(text: string): number | undefined {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return WHOLE.test(trimmed) && Number.isSafeInteger(value) ? value : undefined;
}
