/**
 * Python's idea of values: what is true, how a thing is written, what `int()` takes, and the words of its
 * errors. Processor notes contain those words, and scripts look for them.
 */
import { hasSeparator, strip } from './python-text.ts';

export type PythonErrorKind =
  | 'AttributeError'
  | 'IndexError'
  | 'KeyError'
  | 'OverflowError'
  | 'RecursionError'
  | 'TypeError'
  | 'ValueError';

/** What the original would have raised; `message` is its `str()`. */
export class PythonError extends Error {
  override readonly name = 'PythonError';
  readonly kind: PythonErrorKind;

  constructor(kind: PythonErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A number that was written with a point or an exponent: `1.0` is not `1` in Python. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof PythonFloat);

export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (value instanceof PythonFloat) return 'float';
  return Array.isArray(value) ? 'list' : 'dict';
}

export function truthy(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  if (value === null || value === undefined) return false;
  if (value instanceof PythonFloat) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

/** `repr(float)`: an exponent from 1e16 on and below 1e-4, of two digits at least. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `repr(str)`: single quotes unless only those occur in it; what cannot be printed is escaped. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\'"]|(?! )[\p{C}\p{Z}]/gu, (char) => {
    if (char === "'" || char === '"') return char === quote ? `\\${char}` : char;
    if (char === '\\') return '\\\\';
    const named = NAMED_ESCAPES[char];
    if (named !== undefined) return named;
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `${quote}${escaped}${quote}`;
}

/** Nothing real is deeper; what is would overflow the stack. */
const DEEPEST = 50;

/** `repr(value)` of a JSON value. */
export function repr(value: unknown, depth = 0): string {
  if (typeof value === 'string') return quoted(value);
  if (depth > DEEPEST) return '...';
  if (Array.isArray(value)) return `[${value.map((item) => repr(item, depth + 1)).join(', ')}]`;
  if (isRecord(value)) {
    const items = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${repr(item, depth + 1)}`);
    return `{${items.join(', ')}}`;
  }
  return plainText(value);
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof PythonFloat) return floatText(value.value);
  if (typeof value === 'number') {
    return Number.isInteger(value) ? BigInt(value).toString() : floatText(value);
  }
  return String(value);
}

/** `str(value)` of a JSON value. */
export const str = (value: unknown): string => (typeof value === 'string' ? value : repr(value));

/** `part in value`. Throws as Python does for a value that holds nothing. */
export function contains(value: unknown, part: string): boolean {
  if (typeof value === 'string') return value.includes(part);
  if (Array.isArray(value)) return value.includes(part);
  if (isRecord(value)) return Object.hasOwn(value, part);
  throw new PythonError('TypeError', `argument of type '${typeName(value)}' is not iterable`);
}

/** `value.method` of something that has no such method. */
export const noAttribute = (value: unknown, attribute: string): PythonError =>
  new PythonError('AttributeError', `'${typeName(value)}' object has no attribute '${attribute}'`);

/** `value.get(key)`. */
export function get(value: unknown, key: string): unknown {
  if (!isRecord(value)) throw noAttribute(value, 'get');
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** `for item in value`. */
export function iterate(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (isRecord(value)) return Object.keys(value);
  throw new PythonError('TypeError', `'${typeName(value)}' object is not iterable`);
}

/** `value[0]`. */
export function firstOf(value: unknown): unknown {
  if (Array.isArray(value) || typeof value === 'string') return iterate(value)[0];
  if (isRecord(value)) throw new PythonError('KeyError', '0');
  throw new PythonError('TypeError', `'${typeName(value)}' object is not subscriptable`);
}

/** A string, or the error of `value.method()` on something else. */
export function text(value: unknown, method: string): string {
  if (typeof value === 'string') return value;
  throw noAttribute(value, method);
}

/** Longer ones are refused by Python since 3.11, and make a bigint slow. */
const MOST_DIGITS = 4300;

const DECIMAL = /^[+-]?\p{Nd}+(?:_\p{Nd}+)*$/u;

/** The value of a decimal digit of any script: Unicode has each script's ten in a row, zero first. */
function digitValue(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return (code - zero) % 10;
}

const asciiDigits = (digits: string): string =>
  digits.replace(/\P{ASCII}/gu, (char) => (/\p{Nd}/u.test(char) ? String(digitValue(char)) : char));

function parseDecimal(value: string): bigint {
  const trimmed = hasSeparator(value) ? value : strip(value);
  const invalid = (): PythonError =>
    new PythonError('ValueError', `invalid literal for int() with base 10: ${quoted(value)}`);
  if (!DECIMAL.test(trimmed)) throw invalid();
  const digits = asciiDigits(trimmed).replace(/[_+]/g, '');
  const count = digits.startsWith('-') ? digits.length - 1 : digits.length;
  if (count > MOST_DIGITS) {
    throw new PythonError(
      'ValueError',
      `Exceeds the limit (${MOST_DIGITS} digits) for integer string conversion: value has ${count} digits; ` +
        'use sys.set_int_max_str_digits() to increase the limit',
    );
  }
  return BigInt(digits);
}

/** `int(value)`. Throws `PythonError` (TypeError, ValueError, OverflowError). */
export function int(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string') return parseDecimal(value);
  if (typeof value === 'boolean') return value ? 1n : 0n;
  const number = value instanceof PythonFloat ? value.value : value;
  if (typeof number === 'number') {
    if (Number.isNaN(number)) throw new PythonError('ValueError', 'cannot convert float NaN to integer');
    if (!Number.isFinite(number))
      throw new PythonError('OverflowError', 'cannot convert float infinity to integer');
    return BigInt(Math.trunc(number));
  }
  throw new PythonError(
    'TypeError',
    `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
  );
}

/** `int(value)`, or undefined where Python raises TypeError or ValueError. */
export function intOrUndefined(value: unknown): bigint | undefined {
  try {
    return int(value);
  } catch (error) {
    if (error instanceof PythonError && (error.kind === 'TypeError' || error.kind === 'ValueError')) {
      return undefined;
    }
    throw error;
  }
}

const HEX = /^([+-]?)(?:0[xX]_?)?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)$/;

/** As walkers write them, and as nearly all are: found without looking for digits of other scripts. */
const PLAIN_HEX = /^0x0*([1-9a-f][0-9a-f]*)$/;

/** `0x0000000000032ec0` becomes `0x32ec0`; whatever is no hexadecimal number stays as it is. */
export function stripLeadingZeros(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const plain = PLAIN_HEX.exec(value);
  if (plain) return `0x${plain[1]}`;
  if (hasSeparator(value)) return value;
  const found = HEX.exec(asciiDigits(strip(value)));
  if (!found) return value;
  const digits = (found[2] ?? '')
    .replaceAll('_', '')
    .replace(/^0+(?=.)/, '')
    .toLowerCase();
  return `${found[1] === '-' && digits !== '0' ? '-' : ''}0x${digits}`;
}
