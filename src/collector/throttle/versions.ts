/**
 * Order of version texts as applications write them: `1.10` after `1.9`, `52.0` like `52`, `52.0a1` and
 * `52.0-beta.2` before `52.0`, `52.0esr` like `52.0`. What follows `+` (build metadata) does not count.
 */
const TOKEN = /\d+|[a-z]+/g;

const tokens = (version: string): string[] =>
  (version.toLowerCase().split('+', 1)[0] as string).replace(/esr$/, '').match(TOKEN) ?? [];

const isNumber = (token: string): boolean => token >= '0' && token < ':';

/** A missing token is 0 to a number and comes after a word: pre-releases precede. */
function compareTokens(a: string | undefined, b: string | undefined): number {
  if (a === undefined && b === undefined) return 0;
  if (a === undefined || b === undefined) {
    const there = (a ?? b) as string;
    const sign = a === undefined ? -1 : 1;
    if (!isNumber(there)) return -sign;
    return /^0+$/.test(there) ? 0 : sign;
  }
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? 1 : -1;
  if (!isNumber(a)) return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Negative, 0 or positive, as for `sort`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [tokens(a.slice(0, 200)), tokens(b.slice(0, 200))];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const order = compareTokens(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}
