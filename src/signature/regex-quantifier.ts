/** `*`, `+?`, `{2,3}` and the like, as Python writes them. */
import { RegexError } from './regex-atoms.ts';

export interface Quantifier {
  /** For JavaScript, without what makes it possessive. */
  readonly source: string;
  /** Behind it. */
  readonly end: number;
  readonly least: number;
  /** Infinity for a loop. */
  readonly most: number;
  /** How many ways there are to repeat, loops aside. */
  readonly choices: number;
  /** Gives nothing back: `a++`. */
  readonly isPossessive: boolean;
}

const COUNTS = /^\{(\d*)(,?)(\d*)\}/;
/** Longer ones repeat more often than is allowed anyway. */
const LONGEST_COUNTS = 24;
/** A frame is a name, not a book. */
const MOST_REPEATS = 1000;

const countsAt = (pattern: string, at: number): RegExpExecArray | undefined => {
  const counts = COUNTS.exec(pattern.slice(at, at + LONGEST_COUNTS));
  return counts && counts[0] !== '{}' ? counts : undefined;
};

export const hasQuantifierAt = (pattern: string, at: number): boolean =>
  (at < pattern.length && '*+?'.includes(pattern.charAt(at))) || countsAt(pattern, at) !== undefined;

/** Undefined when there is none. Throws `RegexError`. */
export function readQuantifier(pattern: string, at: number): Quantifier | undefined {
  const counts = countsAt(pattern, at);
  if (!counts && !hasQuantifierAt(pattern, at)) return undefined;
  const char = pattern.charAt(at);
  const most = char === '?' ? 1 : Number.POSITIVE_INFINITY;
  const range = counts ? readCounts(counts) : { least: char === '+' ? 1 : 0, most, source: char };
  const end = at + (counts ? counts[0].length : 1);
  const next = pattern.charAt(end);
  const { least, source } = range;
  return {
    source: next === '?' ? `${source}?` : source,
    end: next === '?' || next === '+' ? end + 1 : end,
    least,
    most: range.most,
    choices: range.most === Number.POSITIVE_INFINITY ? 1 : range.most - least + 1,
    isPossessive: next === '+',
  };
}

/** `{,n}` means from zero on; JavaScript has no such thing. */
function readCounts([, first = '', comma, last = '']: RegExpExecArray): {
  readonly least: number;
  readonly most: number;
  readonly source: string;
} {
  if (Number(first) > MOST_REPEATS || Number(last) > MOST_REPEATS) {
    throw new RegexError(`repeats more than ${MOST_REPEATS} times`);
  }
  const least = Number(first);
  if (comma === '') return { least, most: least, source: `{${least}}` };
  if (last === '') return { least, most: Number.POSITIVE_INFINITY, source: `{${least},}` };
  const most = Number(last);
  if (most < least) throw new RegexError('min repeat greater than max repeat');
  return { least, most, source: `{${least},${most}}` };
}
