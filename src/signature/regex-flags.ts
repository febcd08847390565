/** Flags of a Python pattern, for all of it or for a group, and what `i` means without JavaScript's flag for it. */
import { type ClassAdditions, RegexError } from './regex-atoms.ts';

export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

export const NO_FLAGS: RegexFlags = {
  ignoreCase: false,
  multiline: false,
  dotAll: false,
  verbose: false,
  ascii: false,
};

const FLAG_NAMES: Readonly<Record<string, keyof RegexFlags>> = {
  i: 'ignoreCase',
  m: 'multiline',
  s: 'dotAll',
  x: 'verbose',
  a: 'ascii',
};

/** `(?im)`: at the start of a pattern, for all of it. */
export const GLOBAL_FLAGS = /^\(\?([aiLmsux]+)\)/;
/** `?i-s:` behind the bracket of a group. */
export const SCOPED_FLAGS = /^\?([a-zA-Z]*)(-?)([a-zA-Z]*):/;

/**
 * Whether the pattern spells out both cases of each letter: for an `i` of a part, since Node 22 has no `(?i:…)`, and
 * beside the flag `a`, since JavaScript's own `i` knows all of Unicode.
 */
export const spellsCases = (pattern: string): boolean =>
  /\(\?(?:[a-zA-Z]*i[a-zA-Z]*(?:-[a-zA-Z]*)?|[a-zA-Z]*-[a-zA-Z]*i[a-zA-Z]*):|\(\?[a-zA-Z]*a/.test(pattern);

/** Throws `RegexError`. */
export function withFlags(flags: RegexFlags, on: string, off = ''): RegexFlags {
  const changed: { -readonly [K in keyof RegexFlags]: boolean } = { ...flags };
  if (on.includes('a') && on.includes('u')) throw new RegexError('flags a and u are incompatible');
  for (const flag of on) {
    if (flag === 'L') throw new RegexError('the flag L is for bytes, and frames are text');
    if (off.includes(flag)) throw new RegexError('flag turned on and off');
    const name = FLAG_NAMES[flag];
    if (name !== undefined) changed[name] = true;
    else if (flag === 'u') changed.ascii = false;
    else throw new RegexError(`unknown flag ${flag}`);
  }
  for (const flag of off) {
    const name = FLAG_NAMES[flag];
    if (flag === 'a' || flag === 'u' || flag === 'L')
      throw new RegexError("bad flags: cannot turn off flags 'a', 'u' and 'L'");
    if (name === undefined) throw new RegexError(`unknown flag ${flag}`);
    changed[name] = false;
  }
  return changed;
}

/** Letters of other scripts that fold to one of ASCII: the Kelvin sign and the long s. */
const FOLDED: Readonly<Record<string, string>> = { k: '\u212a', s: '\u017f' };

/** The other cases of a character, itself left out. */
function otherCases(char: string, ascii: boolean): readonly string[] {
  const lower = char.toLowerCase();
  const cases = new Set([lower, char.toUpperCase(), FOLDED[lower] ?? char]);
  cases.delete(char);
  return [...cases].filter((one) => [...one].length === 1 && !(ascii && one > '\x7f'));
}

/** What `i` adds to characters and ranges. */
export const casesOf = ({ ascii }: RegexFlags): ClassAdditions => ({
  ofChar: (char) => (ascii && char > '\x7f' ? [] : otherCases(char, ascii)),
  ofRange: otherCasesOfRange,
});

const LETTERS = [
  [0x41, 0x5a, 0x20],
  [0x61, 0x7a, -0x20],
] as const;

/** What a range in a class takes in besides itself, as code points. Throws `RegexError` beyond ASCII. */
function otherCasesOfRange(first: number, last: number): readonly (readonly [number, number])[] {
  if (last > 0x7f)
    throw new RegexError('a range beyond ASCII under a flag i inside of the pattern is not supported');
  return LETTERS.flatMap(([from, to, step]) => {
    const start = Math.max(first, from);
    const end = Math.min(last, to);
    return start <= end ? [[start + step, end + step] as const] : [];
  });
}
