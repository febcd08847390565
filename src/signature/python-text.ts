/**
 * Python's idea of text, where it differs from JavaScript's. Signatures have been made by Python code for
 * fifteen years, and people have bugs filed under the exact strings: lengths are code points, white space is
 * `str.isspace()`, lines end where `str.splitlines()` says.
 */

/** The information separators: white space for `str.strip()`, but not for `int()`. */
const SEPARATORS = '\\x1c-\\x1f';

/** The characters for which `str.isspace()` is true, as the inside of a regex class. */
export const PYTHON_SPACE =
  '\\t\\n\\x0b\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const SPACE = new RegExp(`[${PYTHON_SPACE}]`);
const SPACE_ONCE = new RegExp(`[${PYTHON_SPACE}]`, 'g');
const SPACES = new RegExp(`[${PYTHON_SPACE}]{2,}`, 'g');
/** What ends a line for `str.splitlines()`, besides `\r\n`. */
const LINE_ENDS = '\\n\\r\\x0b\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const LINE_END = new RegExp(`\\r\\n|[${LINE_ENDS}]`, 'g');
const SEPARATOR = new RegExp(`[${SEPARATORS}]`);
const SURROGATE = /[\ud800-\udfff]/;

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code > 0x20 && code < 0x7f) return false;
  return SPACE.test(text.charAt(at));
}

/** `str.strip()`. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text, start)) start++;
  while (end > start && isSpace(text, end - 1)) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Every white-space character becomes a space, runs of them one space. */
export const collapseSpaces = (text: string): string => text.replace(SPACE_ONCE, ' ').replace(SPACES, ' ');

export const hasSeparator = (text: string): boolean => SEPARATOR.test(text);

/** The first `count` lines of `str.splitlines()`; a line end at the very end opens no further line. */
export function splitLines(text: string, count: number): string[] {
  const lines: string[] = [];
  let start = 0;
  LINE_END.lastIndex = 0;
  while (lines.length < count && start < text.length) {
    LINE_END.lastIndex = start;
    const found = LINE_END.exec(text);
    lines.push(text.slice(start, found ? found.index : text.length));
    start = found ? found.index + found[0].length : text.length;
  }
  return lines;
}

/** `len(text)`: code points. A lone surrogate is one. */
export function codePoints(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** `text[:count]`, in code points. */
export function firstCodePoints(text: string, count: number): string {
  if (text.length <= count || !SURROGATE.test(text.slice(0, count + 1))) return text.slice(0, count);
  let end = 0;
  for (let i = 0; i < count && end < text.length; i++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, end);
}

/** Orders as Python does, by code point; JavaScript's own order puts an emoji before U+FF5E. */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    const back = i > 0 && isLowSurrogate(a, i) && isLowSurrogate(b, i) ? i - 1 : i;
    return (a.codePointAt(back) ?? 0) - (b.codePointAt(back) ?? 0);
  }
  return a.length - b.length;
}

const isLowSurrogate = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00;

/** Keeps the printable ASCII characters, space among them. */
export const printableAscii = (text: string): string => text.replace(/[^\x20-\x7e]+/g, '');
