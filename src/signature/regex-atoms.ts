/** Character classes and escapes of Python's regex syntax; `python-regex.ts` has the rest. */
import { PYTHON_SPACE } from './python-text.ts';

/** Why a pattern cannot be used. */
export class RegexError extends Error {
  override readonly name = 'RegexError';
}

/** The insides of the classes that a JavaScript pattern needs for Python's `\w`, `\d` and `\s`. */
export interface Atoms {
  readonly word: string;
  readonly digit: string;
  readonly space: string;
}

export const UNICODE: Atoms = { word: '\\p{L}\\p{N}_', digit: '\\p{Nd}', space: PYTHON_SPACE };
export const ASCII: Atoms = { word: 'A-Za-z0-9_', digit: '0-9', space: '\\t\\n\\x0b\\f\\r\\x1c-\\x1f ' };

const ANY = '[\\s\\S]';

/** What was read, and where it ended. */
export interface Read {
  readonly source: string;
  readonly end: number;
}

/** A character that means itself. */
export function literal(char: string): string {
  if (/[\\^$.*+?()[\]{}|/]/.test(char)) return `\\${char}`;
  return char === '-' ? '\\x2d' : char;
}

const CONTROLS: Readonly<Record<string, string>> = {
  a: '\\x07',
  f: '\\f',
  n: '\\n',
  r: '\\r',
  t: '\\t',
  v: '\\x0b',
};
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** `at` is behind the backslash. Back references are read elsewhere. */
export function readEscape(pattern: string, at: number, atoms: Atoms, inClass: boolean): Read {
  if (at >= pattern.length) throw new RegexError('bad escape (end of pattern)');
  const char = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
  const end = at + char.length;
  const control = CONTROLS[char];
  if (control !== undefined) return { source: control, end };
  const length = HEX_LENGTHS[char];
  if (length !== undefined) return readHex(pattern, end, length);
  const octal = /^(?:0[0-7]{0,2}|[0-3][0-7]{2})/.exec(pattern.slice(at, at + 3));
  if (octal) return { source: codePoint(Number.parseInt(octal[0], 8)), end: at + octal[0].length };
  if (/[wWdDsS]/.test(char)) return { source: setEscape(char, atoms, inClass), end };
  if (char === 'b' && inClass) return { source: '\\x08', end };
  const edge = inClass ? undefined : edgeEscape(char, atoms);
  if (edge !== undefined) return { source: edge, end };
  if (char === 'N') throw new RegexError('characters by name are not supported: write \\u and four digits');
  if (/[A-Za-z0-9]/.test(char)) throw new RegexError(`bad escape \\${char}`);
  return { source: literal(char), end };
}

function readHex(pattern: string, at: number, length: number): Read {
  const digits = pattern.slice(at, at + length);
  const code = Number.parseInt(digits, 16);
  if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < length || code > 0x10ffff) {
    throw new RegexError(`incomplete escape ${pattern.slice(at - 2, at + length)}`);
  }
  return { source: codePoint(code), end: at + length };
}

const codePoint = (code: number): string => `\\u{${code.toString(16)}}`;

function setEscape(char: string, atoms: Atoms, inClass: boolean): string {
  const lower = char.toLowerCase();
  const set = lower === 'w' ? atoms.word : lower === 'd' ? atoms.digit : atoms.space;
  if (char === lower) return inClass ? set : `[${set}]`;
  return `[^${set}]`;
}

function edgeEscape(char: string, atoms: Atoms): string | undefined {
  const word = `[${atoms.word}]`;
  if (char === 'A') return '^';
  if (char === 'Z') return '$';
  if (char === 'b') return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
  // Python's is never true of the empty string, up to 3.13.
  if (char === 'B') return `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word})(?:(?<=${ANY})|(?=${ANY})))`;
  return undefined;
}

/** What a class takes in besides its parts, e.g. their other cases. */
export interface ClassAdditions {
  ofChar(char: string): readonly string[];
  ofRange(first: number, last: number): readonly (readonly [number, number])[];
}

/** `at` is behind the opening bracket; a `]` there is a character. */
export function readClass(pattern: string, start: number, atoms: Atoms, more?: ClassAdditions): Read {
  const negated = pattern.charAt(start) === '^';
  let at = negated ? start + 1 : start;
  const first = at;
  const parts: string[] = [];
  // `\S` and the like: a class of JavaScript cannot hold what another one leaves out.
  const outside: string[] = [];
  for (;;) {
    if (at >= pattern.length) throw new RegexError('unterminated character set');
    if (pattern.charAt(at) === ']' && at !== first) break;
    const item = readItem(pattern, at, atoms);
    const isRange = pattern.charAt(item.end) === '-' && !['', ']'].includes(pattern.charAt(item.end + 1));
    if (!isRange) {
      (item.source.startsWith('[') ? outside : parts).push(item.source);
      if (!item.isSet) parts.push(...(more?.ofChar(charOf(item.source)) ?? []).map(literal));
      at = item.end;
      continue;
    }
    const last = readRangeEnd(pattern, at, item, atoms);
    parts.push(`${item.source}-${last.source}`, ...rangesBeside(item.source, last.source, more));
    at = last.end;
  }
  const end = at + 1;
  if (outside.length === 0) return { source: `[${negated ? '^' : ''}${parts.join('')}]`, end };
  const either = [...outside, ...(parts.length > 0 ? [`[${parts.join('')}]`] : [])].join('|');
  return { source: `(?:(?${negated ? '!' : '='}${either})${ANY})`, end };
}

function readRangeEnd(pattern: string, at: number, first: Item, atoms: Atoms): Item {
  const last = readItem(pattern, first.end + 1, atoms);
  if (!first.isSet && !last.isSet) return last;
  throw new RegexError(`bad character range ${pattern.slice(at, last.end)}`);
}

type Item = Read & { readonly isSet: boolean };

function readItem(pattern: string, at: number, atoms: Atoms): Item {
  const char = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
  if (char !== '\\') return { source: literal(char), end: at + char.length, isSet: false };
  const isSet = /[wWdDsS]/.test(pattern.charAt(at + 1));
  return { ...readEscape(pattern, at + 1, atoms, true), isSet };
}

/** The character that a source of this file stands for. */
function charOf(source: string): string {
  const hex = /^\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\})$/.exec(source);
  if (hex) return String.fromCodePoint(Number.parseInt(hex[1] ?? hex[2] ?? '', 16));
  if (!source.startsWith('\\')) return source;
  return JS_CONTROLS[source.charAt(1)] ?? source.charAt(1);
}

const JS_CONTROLS: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t' };

function rangesBeside(first: string, last: string, more: ClassAdditions | undefined): readonly string[] {
  const from = charOf(first).codePointAt(0) ?? 0;
  const to = charOf(last).codePointAt(0) ?? 0;
  return (more?.ofRange(from, to) ?? []).map(([a, b]) => `${codePoint(a)}-${codePoint(b)}`);
}
