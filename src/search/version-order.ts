/**
 * Versions in order: `9.0` before `10.0`, `108.0b3` before `108.0`, that before `108.0.1`; `102.0esr` right after
 * `102.0`. Text that is no version gets a place too.
 */

// Kinds of parts as they sort where two versions first differ. A word is a pre-release (alpha, b3, rc.1) and comes
// before the end of the version; a number is a further level and comes after it.
const WORD = '1';
const END = '3';
const AFTER = '4';
const NUMBER = '5';

/** Words that mark a maintained line rather than a pre-release. */
const LINES: ReadonlySet<string> = new Set(['esr', 'lts', 'sp', 'p', 'post', 'patch', 'generic']);

/** Longer numbers are no version. */
const DIGITS = 99;

function numberKey(digits: string): string {
  const plain = digits.replace(/^0+(?=\d)/, '').slice(0, DIGITS);
  return `${NUMBER}${String(plain.length).padStart(2, '0')}${plain}`;
}

/** Text whose byte order is the order of the versions. Equal for `1.0` and `01.00`. */
export function versionKey(version: string): string {
  const parts = version.toLowerCase().match(/\d+|[^\d.\-+_~\s]+/g) ?? [];
  const keys = parts.map((part) => {
    if (/^\d/.test(part)) return numberKey(part);
    return LINES.has(part) ? `${AFTER}${part} ` : `${WORD}${part} `;
  });
  return [...keys, END].join('');
}
