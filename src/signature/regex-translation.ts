/** One walk over a Python pattern, which writes the JavaScript one and counts what makes matching slow. */
import {
  ASCII,
  type Atoms,
  type ClassAdditions,
  literal,
  type Read,
  RegexError,
  readClass,
  readEscape,
  UNICODE,
} from './regex-atoms.ts';
import {
  casesOf,
  GLOBAL_FLAGS,
  NO_FLAGS,
  type RegexFlags,
  SCOPED_FLAGS,
  spellsCases,
  withFlags,
} from './regex-flags.ts';
import { RegexGroups } from './regex-groups.ts';
import { hasQuantifierAt, readQuantifier } from './regex-quantifier.ts';
import { either, NOTHING, ONE, plus, times, type Width } from './regex-widths.ts';
import type { Shape } from './translated-regex.ts';

export interface TranslateOptions {
  readonly unicode: boolean;
}

/** Deeper ones would exhaust the stack of whoever compiles them. */
const DEEPEST = 50;

export class RegexTranslation {
  readonly #pattern: string;
  readonly #unicode: boolean;
  readonly #groups = new RegexGroups();
  /** Both cases are spelt out, since `i` counts for a part only. */
  readonly #spellsCases: boolean;
  #flags: RegexFlags = NO_FLAGS;
  #startFlags: RegexFlags = NO_FLAGS;
  #at = 0;
  #depth = 0;
  #loops = 0;
  #choices = 1;
  #intricate = false;
  /** Of what was read of the current branch. */
  #width: Width = NOTHING;

  constructor(pattern: string, options: TranslateOptions) {
    this.#pattern = pattern;
    this.#unicode = options.unicode;
    this.#spellsCases = spellsCases(pattern);
  }

  /** Whether the pattern must not be joined with others. */
  get alone(): boolean {
    return this.#groups.hasReferences;
  }

  get needsCaseFlag(): boolean {
    return this.#startFlags.ignoreCase && !this.#spellsCases;
  }

  shape(): Shape {
    return { loops: this.#loops, choices: this.#choices, intricate: this.#intricate };
  }

  run(): string {
    const flags = GLOBAL_FLAGS.exec(this.#pattern);
    if (flags) this.#flags = withFlags(NO_FLAGS, flags[1] ?? '');
    this.#startFlags = this.#flags;
    this.#at = flags?.[0].length ?? 0;
    const source = this.#alternatives();
    if (this.#at < this.#pattern.length) throw new RegexError('unbalanced parenthesis');
    return this.#groups.finish(source);
  }

  get #atoms(): Atoms {
    return this.#unicode && !this.#flags.ascii ? UNICODE : ASCII;
  }

  /** What to add to each character; undefined when nothing has to be. */
  get #cases(): ClassAdditions | undefined {
    return this.#spellsCases && this.#flags.ignoreCase ? casesOf(this.#flags) : undefined;
  }

  #peek(length = 1): string {
    return this.#pattern.slice(this.#at, this.#at + length);
  }

  /** White space and comments mean nothing under the flag x. */
  #skipBlanks(): void {
    while (this.#flags.verbose && /^[\s#]/.test(this.#peek())) {
      if (this.#peek() !== '#') this.#at++;
      else this.#at = (this.#pattern.indexOf('\n', this.#at) + 1 || this.#pattern.length + 1) - 1;
    }
  }

  #alternatives(): string {
    const before = this.#groups.count;
    const start = this.#width;
    this.#width = NOTHING;
    const branches = [this.#sequence()];
    let width = this.#width;
    while (this.#peek() === '|') {
      this.#at++;
      this.#groups.doubt(before);
      this.#width = NOTHING;
      branches.push(this.#sequence());
      width = either(width, this.#width);
    }
    this.#width = plus(start, width);
    if (branches.length > 1) this.#groups.doubt(before);
    this.#choices *= branches.length;
    return branches.join('|');
  }

  #sequence(): string {
    const parts: string[] = [];
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#pattern.length || this.#peek() === '|' || this.#peek() === ')') break;
      parts.push(this.#repeated());
    }
    return parts.join('');
  }

  /** One atom and its quantifier. */
  #repeated(): string {
    if (hasQuantifierAt(this.#pattern, this.#at)) throw new RegexError('nothing to repeat');
    const isGroup = this.#peek() === '(';
    const isPlace = /^(?:[$^]|\\[AZbB])/.test(this.#peek(2));
    const before = this.#groups.count;
    const start = this.#width;
    this.#width = NOTHING;
    const atom = this.#atom();
    const width = isPlace ? NOTHING : this.#width;
    this.#skipBlanks();
    const quantifier = readQuantifier(this.#pattern, this.#at);
    this.#width = plus(start, quantifier ? times(width, quantifier) : width);
    if (!quantifier) return atom;
    if (isPlace || atom === '') throw new RegexError('nothing to repeat');
    this.#at = quantifier.end;
    this.#skipBlanks();
    if (hasQuantifierAt(this.#pattern, this.#at)) throw new RegexError('multiple repeat');
    this.#choices *= quantifier.choices;
    if (quantifier.most === Number.POSITIVE_INFINITY) this.#loops++;
    if (quantifier.least === 0) this.#groups.doubt(before);
    // JavaScript repeats no look-around by itself.
    const source = (/^\(\?<?[=!]/.test(atom) ? `(?:${atom})` : atom) + quantifier.source;
    if (quantifier.isPossessive || (isGroup && !quantifier.source.startsWith('?'))) this.#intricate = true;
    return quantifier.isPossessive ? this.#groups.atomic(source) : source;
  }

  #atom(): string {
    const char = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += char.length;
    if (char === '(') return this.#group();
    this.#width = ONE;
    if (char === '[') {
      return this.#read(readClass(this.#pattern, this.#at, this.#atoms, this.#cases));
    }
    if (char === '\\') return this.#escape();
    if (char === '.') return this.#flags.dotAll ? '[\\s\\S]' : '[^\\n]';
    if (char === '^') return this.#flags.multiline ? '(?<![^\\n])' : '^';
    if (char === '$') return this.#flags.multiline ? '(?![^\\n])' : '(?=\\n?$)';
    const others = this.#cases?.ofChar(char) ?? [];
    return others.length > 0 ? `[${[char, ...others].map(literal).join('')}]` : literal(char);
  }

  /** Empty for a comment. */
  #group(): string {
    if (++this.#depth > DEEPEST) throw new RegexError(`more than ${DEEPEST} groups in one another`);
    const flags = this.#flags;
    const source = this.#special() ?? this.#capturing();
    this.#flags = flags;
    this.#depth--;
    return source;
  }

  #capturing(name?: string): string {
    const { number, source } = this.#groups.open(name);
    const inside = this.#inside();
    this.#groups.close(number, this.#width);
    return `${source}${inside})`;
  }

  /** What is left of the group, without its closing bracket. */
  #inside(): string {
    const inside = this.#alternatives();
    if (this.#peek() !== ')') throw new RegexError('missing ), unterminated subpattern');
    this.#at++;
    return inside;
  }

  /** Groups that begin with a question mark; undefined for the others. */
  #special(): string | undefined {
    const three = this.#peek(3);
    if (!three.startsWith('?')) return undefined;
    for (const same of ['?=', '?!', '?<=', '?<!']) {
      if (three.startsWith(same)) return this.#lookAround(same);
    }
    if (three === '?P<') return this.#capturing(this.#nameUpTo('>'));
    if (three === '?P=') return this.#reference(this.#nameUpTo(')'));
    if (three.startsWith('?>')) {
      this.#at += 2;
      this.#intricate = true;
      return this.#groups.atomic(this.#inside());
    }
    if (three.startsWith('?#')) {
      this.#skipTo(')', 'missing ), unterminated comment');
      return '';
    }
    return this.#withOwnFlags();
  }

  #lookAround(opening: string): string {
    this.#at += opening.length;
    this.#intricate = true;
    const before = this.#groups.count;
    const inside = this.#inside();
    if (opening.endsWith('!')) this.#groups.doubt(before);
    if (opening.startsWith('?<') && this.#width.least !== this.#width.most) {
      throw new RegexError('look-behind requires fixed-width pattern');
    }
    this.#width = NOTHING;
    return `(${opening}${inside})`;
  }

  /** `(?:`, `(?i:`, `(?s-i:`; else why it is none. */
  #withOwnFlags(): string {
    const rest = this.#pattern.slice(this.#at);
    const scoped = SCOPED_FLAGS.exec(rest);
    if (scoped) {
      const [whole, on = '', minus, off = ''] = scoped;
      if (minus !== '' && off === '') throw new RegexError('missing flag');
      this.#at += whole.length;
      this.#flags = withFlags(this.#flags, on, off);
      return `(?:${this.#inside()})`;
    }
    if (rest.startsWith('?(')) {
      throw new RegexError('conditional groups are not supported: JavaScript has none; write two lines');
    }
    if (/^\?[aiLmsux]+\)/.test(rest)) throw new RegexError('global flags not at the start of the expression');
    throw new RegexError(`unknown extension ${rest.slice(0, 3)}`);
  }

  #nameUpTo(end: string): string {
    this.#at += 3;
    return this.#skipTo(end, 'missing group name');
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

  #reference(group: number | string): string {
    if (this.#cases)
      throw new RegexError('a back reference under a flag i inside of the pattern is not supported');
    this.#intricate = true;
    const { source, width } = this.#groups.referenceTo(group);
    this.#width = width;
    return source;
  }

  #escape(): string {
    const reference = /^[1-9][0-9]?/.exec(this.#pattern.slice(this.#at, this.#at + 3))?.[0];
    const octal = /^[0-3][0-7]{2}/.test(this.#pattern.slice(this.#at, this.#at + 3));
    if (reference !== undefined && !octal) {
      this.#at += reference.length;
      return this.#reference(Number(reference));
    }
    const read = this.#read(readEscape(this.#pattern, this.#at, this.#atoms, false));
    const code = /^\\u\{([0-9a-f]+)\}$/.exec(read)?.[1];
    const others =
      code === undefined ? [] : (this.#cases?.ofChar(String.fromCodePoint(Number.parseInt(code, 16))) ?? []);
    return others.length > 0 ? `[${read}${others.map(literal).join('')}]` : read;
  }
}
