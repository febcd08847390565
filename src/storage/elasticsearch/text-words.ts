/** Words of a text, as every store counts them: letters, digits and `_` in a row, lower case. */

/** A longer word is cut, in texts and in questions alike: it is no word, and a term has its limit. */
const MAX_WORD = 1000;

/** Each once. */
export const wordsOf = (text: string): readonly string[] => [
  ...new Set((text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => cut(word))),
];

/** Never in the middle of a surrogate pair. */
const cut = (word: string): string =>
  word.length <= MAX_WORD ? word : word.slice(0, MAX_WORD).replace(/[\ud800-\udbff]$/, '');
