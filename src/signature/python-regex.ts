/**
 * Python's regex syntax in JavaScript's. The lists are written in Python's, because fifteen years of them
 * are; what has no counterpart is refused with a reason. `\w`, `\d`, `\s` and `\b` know all of Unicode, as
 * Python's do for text; `ascii` gives the shorter pattern that says the same of ASCII subjects.
 * Syntax: https://docs.python.org/3/library/re.html#regular-expression-syntax
 */
import {
  ASCII,
  type Atoms,
  literal,
  type Read,
  RegexError,
  readClass,
  readEscape,
  UNICODE,
} from './regex-atoms.ts';

export interface Translated {
  /** For `new RegExp(source, flags)`. */
  readonly source: string;
  /** `u` or `iu`. */
  readonly flags: string;
  /** True when it must not be joined with others by `|`: back references count groups. */
  readonly alone: boolean;
  readonly shape: Shape;
}

/** What tells whether matching can be slow without asking a solver. */
export interface Shape {
  /** Loops without an upper bound. */
  readonly loops: number;
  /** An upper bound on the ways through everything else: alternatives and optional parts multiplied. */
  readonly choices: number;
  /** A group repeated more than once, a look-around or a back reference. */
  readonly intricate: boolean;
}

export interface TranslateOptions {
  readonly unicode: boolean;
}

/** Throws `RegexError`. */
export function translatePythonRegex(pattern: string, options: TranslateOptions): Translated {
  if (pattern.length > LONGEST) throw new RegexError(`longer than ${LONGEST} characters`);
  const translation = new Translation(pattern, options);
  const source = translation.run();
  const flags = translation.ignoreCase ? 'iu' : 'u';
  try {
    new RegExp(source, flags);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^.*: /, '') : String(cause);
    throw new RegexError(reason.charAt(0).toLowerCase() + reason.slice(1), { cause });
  }
  return { source, flags, alone: translation.alone, shape: translation.shape() };
}

const GLOBAL_FLAGS = /^\(\?([aiLmsux]+)\)/;
const COUNTS = /^\{(\d*)(,?)(\d*)\}/;
const GROUP_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
/** A frame is a name, not a book. */
const MOST_REPEATS = 1000;
const LONGEST = 2000;

class Translation {
  ignoreCase = false;
  alone = false;
  readonly #pattern: string;
  readonly #names = new Set<string>();
  #atoms: Atoms;
  #multiline = false;
  #dotAll = false;
  #at = 0;
  #groups = 0;
  #loops = 0;
  #choices = 1;
  #intricate = false;

  constructor(pattern: string, options: TranslateOptions) {
    this.#pattern = pattern;
    this.#atoms = options.unicode ? UNICODE : ASCII;
  }

  shape(): Shape {
    return { loops: this.#loops, choices: this.#choices, intricate: this.#intricate };
  }

  run(): string {
    const flags = GLOBAL_FLAGS.exec(this.#pattern);
    if (flags) this.#setFlags(flags[1] ?? '');
    this.#at = flags?.[0].length ?? 0;
    const source = this.#alternatives();
    if (this.#at < this.#pattern.length) throw new RegexError('unbalanced parenthesis');
    return source;
  }

  #setFlags(flags: string): void {
    for (const flag of flags) {
      if (flag === 'i') this.ignoreCase = true;
      else if (flag === 'm') this.#multiline = true;
      else if (flag === 's') this.#dotAll = true;
      else if (flag === 'a') this.#atoms = ASCII;
      else if (flag === 'L') throw new RegexError('the flag L is for bytes, and frames are text');
      else if (flag === 'x') throw new RegexError('the flag x (verbose) is not supported: write it plainly');
    }
  }

  #peek(length = 1): string {
    return this.#pattern.slice(this.#at, this.#at + length);
  }

  #alternatives(): string {
    const branches = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at++;
      branches.push(this.#sequence());
    }
    this.#choices *= branches.length;
    return branches.join('|');
  }

  #sequence(): string {
    const parts: string[] = [];
    while (this.#at < this.#pattern.length && this.#peek() !== '|' && this.#peek() !== ')') {
      parts.push(this.#repeated());
    }
    return parts.join('');
  }

  /** One atom and its quantifier. */
  #repeated(): string {
    if (this.#quantifierAhead()) throw new RegexError('nothing to repeat');
    const start = this.#peek();
    const isPlace = start === '^' || start === '$' || /^\\[AZbB]/.test(this.#peek(2));
    const atom = this.#atom();
    const quantifier = this.#quantifier();
    if (quantifier === '') return atom;
    if (isPlace) throw new RegexError('nothing to repeat');
    if (start === '(' && !quantifier.startsWith('?')) this.#intricate = true;
    if (this.#peek() === '+') throw new RegexError('possessive quantifiers are not supported');
    if (this.#quantifierAhead()) throw new RegexError('multiple repeat');
    return atom + quantifier;
  }

  #quantifierAhead(): boolean {
    const char = this.#peek();
    return (char !== '' && '*+?'.includes(char)) || this.#countsAhead() !== undefined;
  }

  #countsAhead(): RegExpExecArray | undefined {
    const counts = COUNTS.exec(this.#pattern.slice(this.#at, this.#at + 24));
    return counts && counts[0] !== '{}' ? counts : undefined;
  }

  #quantifier(): string {
    const char = this.#peek();
    let quantifier = '';
    if (char !== '' && '*+?'.includes(char)) {
      this.#at++;
      quantifier = char;
      if (char === '?') this.#choices *= 2;
      else this.#loops++;
    } else {
      const counts = this.#countsAhead();
      if (!counts) return '';
      this.#at += counts[0].length;
      quantifier = this.#counted(counts);
    }
    if (this.#peek() === '?') {
      this.#at++;
      quantifier += '?';
    }
    return quantifier;
  }

  /** `{,n}` means from zero on; JavaScript has no such thing. */
  #counted(counts: RegExpExecArray): string {
    if (Number(counts[1]) > MOST_REPEATS || Number(counts[3]) > MOST_REPEATS) {
      throw new RegexError(`repeats more than ${MOST_REPEATS} times`);
    }
    const least = counts[1] === '' ? 0 : Number(counts[1]);
    if (counts[2] === '') return `{${least}}`;
    if (counts[3] === '') {
      this.#loops++;
      return `{${least},}`;
    }
    const most = Number(counts[3]);
    if (most < least) throw new RegexError('min repeat greater than max repeat');
    this.#choices *= most - least + 1;
    return `{${least},${most}}`;
  }

  #atom(): string {
    const char = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += char.length;
    if (char === '(') return this.#group();
    if (char === '[') return this.#read(readClass(this.#pattern, this.#at, this.#atoms));
    if (char === '\\') return this.#escape();
    if (char === '.') return this.#dotAll ? '[\\s\\S]' : '[^\\n]';
    if (char === '^') return this.#multiline ? '(?<![^\\n])' : '^';
    if (char === '$') return this.#multiline ? '(?![^\\n])' : '(?=\\n?$)';
    return literal(char);
  }

  #group(): string {
    const opening = this.#opening();
    if (opening === undefined) return '';
    const inside = this.#alternatives();
    if (this.#peek() !== ')') throw new RegexError('missing ), unterminated subpattern');
    this.#at++;
    return `${opening}${inside})`;
  }

  /** What stands for `(`, `(?:`, `(?P<name>` …; undefined for a comment, which is skipped. */
  #opening(): string | undefined {
    if (this.#peek() !== '?') {
      this.#groups++;
      return '(';
    }
    const three = this.#peek(3);
    for (const same of ['?:', '?=', '?!', '?<=', '?<!']) {
      if (!three.startsWith(same)) continue;
      this.#at += same.length;
      if (same !== '?:') this.#intricate = true;
      return `(${same}`;
    }
    if (three === '?P<') return this.#named();
    if (three === '?P=') return this.#namedReference();
    if (three.startsWith('?#')) {
      this.#skipTo(')', 'missing ), unterminated comment');
      return undefined;
    }
    if (three.startsWith('?>')) throw new RegexError('atomic groups are not supported');
    if (three.startsWith('?(')) throw new RegexError('conditional groups are not supported');
    throw new RegexError(
      /^\?[aiLmsux]+\)/.test(this.#pattern.slice(this.#at))
        ? 'global flags not at the start of the expression'
        : 'flags inside of a pattern are not supported: put (?i) at the start of the line',
    );
  }

  #named(): string {
    const name = this.#nameUpTo('>', 3);
    if (this.#names.has(name)) throw new RegexError(`redefinition of group name ${name}`);
    this.#names.add(name);
    this.#groups++;
    this.alone = true;
    return `(?<${name}>`;
  }

  /** Leaves the closing bracket to `#group`. */
  #namedReference(): string {
    const name = this.#nameUpTo(')', 3);
    if (!this.#names.has(name)) throw new RegexError(`unknown group name ${name}`);
    this.#at--;
    this.alone = true;
    this.#intricate = true;
    return `(?:\\k<${name}>`;
  }

  #nameUpTo(end: string, skip: number): string {
    this.#at += skip;
    const name = this.#skipTo(end, 'missing group name');
    if (!GROUP_NAME.test(name)) throw new RegexError(`bad group name ${name}`);
    return name;
  }

  /** Moves behind the next `end`; returns what was skipped. */
  #skipTo(end: string, message: string): string {
    const found = this.#pattern.indexOf(end, this.#at);
    if (found < 0) throw new RegexError(message);
    const skipped = this.#pattern.slice(this.#at, found);
    this.#at = found + 1;
    return skipped;
  }

  #read(read: Read): string {
    this.#at = read.end;
    return read.source;
  }

  #escape(): string {
    const reference = /^[1-9][0-9]?/.exec(this.#pattern.slice(this.#at, this.#at + 3))?.[0];
    const octal = /^[0-3][0-7]{2}/.test(this.#pattern.slice(this.#at, this.#at + 3));
    if (reference === undefined || octal) {
      return this.#read(readEscape(this.#pattern, this.#at, this.#atoms, false));
    }
    if (Number(reference) > this.#groups) throw new RegexError(`invalid group reference ${reference}`);
    this.#at += reference.length;
    this.alone = true;
    this.#intricate = true;
    return `(?:\\${reference})`;
  }
}
