/** A translated pattern as a tree, so that lines can be compared with each other and strings made from them. */
import type { Translated } from '../translated-regex.ts';

export type PatternTree =
  /** One character: bit n stands for code point n, up to 127. */
  | { readonly kind: 'set'; readonly codes: bigint }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'either'; readonly branches: readonly PatternTree[] }
  | {
      readonly kind: 'repeat';
      readonly of: PatternTree;
      readonly least: number;
      readonly most: number;
    }
  /** `$`, which a newline may follow, or `\Z`. */
  | { readonly kind: 'end'; readonly newline: boolean }
  | { readonly kind: 'start' }
  /** Look-arounds, references, edges of words, characters beyond ASCII: no automaton of ours knows them. */
  | { readonly kind: 'opaque' };

export const ALL_CODES = (1n << 128n) - 1n;
const LETTERS = [0x41n, 0x61n] as const;
const TWENTY_SIX = (1n << 26n) - 1n;
const CASE_STEP = 0x20n;

/** `regex` is of the shorter kind, for ASCII names. */
export const patternTree = (regex: Translated): PatternTree =>
  new TreeReader(regex.source, regex.flags.includes('i')).read();

const range = (first: number, last: number): bigint => {
  if (first > 0x7f) return 0n;
  return ((1n << BigInt(Math.min(last, 0x7f) + 1)) - 1n) & ~((1n << BigInt(first)) - 1n);
};

function withBothCases(codes: bigint): bigint {
  const upper = (codes >> LETTERS[0]) & TWENTY_SIX;
  const lower = (codes >> LETTERS[1]) & TWENTY_SIX;
  return codes | (upper << (LETTERS[0] + CASE_STEP)) | (lower << (LETTERS[1] - CASE_STEP));
}

const CONTROLS: Readonly<Record<string, number>> = { f: 12, n: 10, r: 13, t: 9 };
const SPACES = '[\\s\\S]';
const DOLLAR = '(?=\\n?$)';
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/;

/** Knows what `python-regex.ts` writes and nothing else. */
class TreeReader {
  readonly #source: string;
  readonly #ignoresCase: boolean;
  #at = 0;

  constructor(source: string, ignoresCase: boolean) {
    this.#source = source;
    this.#ignoresCase = ignoresCase;
  }

  read(): PatternTree {
    return this.#either();
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #either(): PatternTree {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    return branches.length === 1 && branches[0] ? branches[0] : { kind: 'either', branches };
  }

  #sequence(): PatternTree {
    const parts: PatternTree[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source.charAt(this.#at))) {
      parts.push(this.#repeated());
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternTree {
    const of = this.#atom();
    const quantifier = QUANTIFIER.exec(this.#source.slice(this.#at));
    if (!quantifier) return of;
    const [whole, first, comma, last] = quantifier;
    this.#at += whole.length;
    const char = whole.charAt(0);
    if (first === undefined) {
      return { kind: 'repeat', of, least: char === '+' ? 1 : 0, most: char === '?' ? 1 : Infinity };
    }
    const most = comma === '' ? Number(first) : last === '' ? Infinity : Number(last);
    return { kind: 'repeat', of, least: Number(first), most };
  }

  #atom(): PatternTree {
    if (this.#take(DOLLAR)) return { kind: 'end', newline: true };
    if (this.#take('$')) return { kind: 'end', newline: false };
    if (this.#take('^')) return { kind: 'start' };
    if (this.#take(SPACES)) return { kind: 'set', codes: ALL_CODES };
    if (this.#take('[')) return this.#class();
    if (this.#source.startsWith('(', this.#at)) return this.#group();
    return this.#set(this.#character());
  }

  #group(): PatternTree {
    if (this.#take('(?:')) {
      const inside = this.#either();
      this.#take(')');
      return inside;
    }
    this.#at++;
    this.#skipGroup();
    return { kind: 'opaque' };
  }

  /** Behind the bracket that closes the group that is open. */
  #skipGroup(): void {
    let inClass = false;
    for (let depth = 1; depth > 0 && this.#at < this.#source.length; this.#at++) {
      const char = this.#source.charAt(this.#at);
      if (char === '\\') this.#at++;
      else if (inClass) inClass = char !== ']';
      else if (char === '[') inClass = true;
      else if (char === '(') depth++;
      else if (char === ')') depth--;
    }
  }

  #class(): PatternTree {
    const isNegated = this.#take('^');
    let codes = 0n;
    while (!this.#take(']')) {
      const first = this.#character();
      const isRange = this.#source.charAt(this.#at) === '-' && this.#source.charAt(this.#at + 1) !== ']';
      if (isRange) this.#at++;
      codes |= range(first, isRange ? this.#character() : first);
    }
    const cased = this.#ignoresCase ? withBothCases(codes) : codes;
    return this.#maybe(isNegated ? ALL_CODES & ~cased : cased);
  }

  #set(code: number): PatternTree {
    const codes = range(code, code);
    return this.#maybe(this.#ignoresCase ? withBothCases(codes) : codes);
  }

  #maybe(codes: bigint): PatternTree {
    return codes === 0n ? { kind: 'opaque' } : { kind: 'set', codes };
  }

  /** One character or escape; its code point. */
  #character(): number {
    const rest = this.#source.slice(this.#at, this.#at + 12);
    const hex = /^\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\})/.exec(rest);
    if (hex) {
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    }
    if (rest.startsWith('\\')) this.#at++;
    const code = this.#source.codePointAt(this.#at) ?? 0;
    const char = String.fromCodePoint(code);
    this.#at += char.length;
    return rest.startsWith('\\') ? (CONTROLS[char] ?? code) : code;
  }
}
