/**
 * `json.loads` as Python 3 has it: takes NaN and Infinity, tells `1` from `1.0`, and says what is wrong in
 * its own words, which end up in the processor notes. Positions are code points.
 * Error texts: https://docs.python.org/3/library/json.html#json.JSONDecodeError
 */
import { codePoints } from './python-text.ts';
import { PythonError, PythonFloat } from './python-values.ts';

export type PythonJson =
  | null
  | boolean
  | string
  | bigint
  | PythonFloat
  | readonly PythonJson[]
  | { readonly [key: string]: PythonJson };

/** Python's own limit is the interpreter's stack, a little below a thousand. */
const DEEPEST = 990;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const CONTROLS = '\\x00-\\x1f';
const PLAIN = new RegExp(`[^"\\\\${CONTROLS}]*`, 'y');
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const WORDS: readonly (readonly [string, PythonJson])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', new PythonFloat(Number.NaN)],
  ['Infinity', new PythonFloat(Number.POSITIVE_INFINITY)],
  ['-Infinity', new PythonFloat(Number.NEGATIVE_INFINITY)],
];

/** Throws `PythonError` (ValueError; RecursionError when nested too deeply). */
export function parsePythonJson(source: string): PythonJson {
  if (source.startsWith('\ufeff')) throw problem(source, 'Unexpected UTF-8 BOM (decode using utf-8-sig)', 0);
  const reader = new Reader(source);
  const value = reader.value(reader.skipSpace(0), 0);
  const end = reader.skipSpace(reader.at);
  if (end !== source.length) throw problem(source, 'Extra data', end);
  return value;
}

function problem(source: string, message: string, at: number): PythonError {
  const before = source.slice(0, at);
  const lastLine = before.lastIndexOf('\n');
  let line = 1;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  const column = codePoints(before.slice(lastLine + 1)) + 1;
  const place = `line ${line} column ${column} (char ${codePoints(before)})`;
  return new PythonError('ValueError', `${message}: ${place}`);
}

class Reader {
  /** Where the last read value ended. */
  at = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  skipSpace(from: number): number {
    let at = from;
    while (at < this.#source.length && ' \t\n\r'.includes(this.#source.charAt(at))) at++;
    return at;
  }

  value(from: number, depth: number): PythonJson {
    const char = this.#source.charAt(from);
    if (char === '"') return this.#string(from + 1);
    if (char === '{' || char === '[') {
      if (depth >= DEEPEST) {
        const kind = char === '{' ? 'object' : 'array';
        throw new PythonError(
          'RecursionError',
          `maximum recursion depth exceeded while decoding a JSON ${kind} from a unicode string`,
        );
      }
      return char === '{' ? this.#object(from + 1, depth + 1) : this.#array(from + 1, depth + 1);
    }
    for (const [word, value] of WORDS) {
      if (!this.#source.startsWith(word, from)) continue;
      this.at = from + word.length;
      return value;
    }
    return this.#number(from);
  }

  #number(from: number): PythonJson {
    NUMBER.lastIndex = from;
    const found = NUMBER.exec(this.#source);
    if (!found) throw problem(this.#source, 'Expecting value', from);
    this.at = from + found[0].length;
    if (found[1] !== undefined || found[2] !== undefined) return new PythonFloat(Number(found[0]));
    return integer(found[0]);
  }

  #array(from: number, depth: number): PythonJson {
    const items: PythonJson[] = [];
    let at = this.skipSpace(from);
    if (this.#source.charAt(at) === ']') {
      this.at = at + 1;
      return items;
    }
    for (;;) {
      items.push(this.value(at, depth));
      at = this.skipSpace(this.at);
      const char = this.#source.charAt(at);
      if (char === ']') break;
      if (char !== ',') throw problem(this.#source, "Expecting ',' delimiter", at);
      at = this.skipSpace(at + 1);
    }
    this.at = at + 1;
    return items;
  }

  #object(from: number, depth: number): PythonJson {
    // Without a prototype: a key named __proto__ is a key like any other.
    const entries: Record<string, PythonJson> = Object.create(null) as Record<string, PythonJson>;
    let at = this.skipSpace(from);
    if (this.#source.charAt(at) === '}') {
      this.at = at + 1;
      return entries;
    }
    for (;;) {
      if (this.#source.charAt(at) !== '"') {
        throw problem(this.#source, 'Expecting property name enclosed in double quotes', at);
      }
      const key = this.#string(at + 1);
      at = this.skipSpace(this.at);
      if (this.#source.charAt(at) !== ':') throw problem(this.#source, "Expecting ':' delimiter", at);
      entries[key] = this.value(this.skipSpace(at + 1), depth);
      at = this.skipSpace(this.at);
      const char = this.#source.charAt(at);
      if (char === '}') break;
      if (char !== ',') throw problem(this.#source, "Expecting ',' delimiter", at);
      at = this.skipSpace(at + 1);
    }
    this.at = at + 1;
    return entries;
  }

  /** `from` is behind the opening quote. */
  #string(from: number): string {
    const parts: string[] = [];
    let at = from;
    for (;;) {
      PLAIN.lastIndex = at;
      parts.push(PLAIN.exec(this.#source)?.[0] ?? '');
      at = PLAIN.lastIndex;
      const char = this.#source.charAt(at);
      if (char === '"') break;
      if (char === '') throw problem(this.#source, 'Unterminated string starting at', from - 1);
      if (char !== '\\') throw problem(this.#source, 'Invalid control character at', at);
      const escaped = this.#source.charAt(at + 1);
      if (escaped === '') throw problem(this.#source, 'Unterminated string starting at', from - 1);
      if (escaped === 'u') {
        const digits = this.#source.slice(at + 2, at + 6);
        // Python also wants a character behind the four digits before it looks at them.
        const short = at + 6 >= this.#source.length;
        if (short || !/^[0-9a-fA-F]{4}$/.test(digits))
          throw problem(this.#source, 'Invalid \\uXXXX escape', at + 1);
        parts.push(String.fromCharCode(Number.parseInt(digits, 16)));
        at += 6;
        continue;
      }
      const plain = ESCAPES[escaped];
      if (plain === undefined) throw problem(this.#source, 'Invalid \\escape', at);
      parts.push(plain);
      at += 2;
    }
    this.at = at + 1;
    return parts.join('');
  }
}

function integer(digits: string): bigint {
  if (digits.length <= 4300) return BigInt(digits);
  const count = digits.startsWith('-') ? digits.length - 1 : digits.length;
  if (count <= 4300) return BigInt(digits);
  throw new PythonError(
    'ValueError',
    `Exceeds the limit (4300 digits) for integer string conversion: value has ${count} digits; ` +
      'use sys.set_int_max_str_digits() to increase the limit',
  );
}
