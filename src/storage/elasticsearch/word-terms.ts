/** The words of a text as terms of the index. Texts and questions go through here alike. */
import { wordsOf } from '../../lib/words.ts';

/** A longer word is cut: it is no word, and a term has its limit. */
const MAX_WORD = 1000;

/** Each once. */
export const wordTerms = (text: string): readonly string[] => [...new Set(wordsOf(text).map(cut))];

/** Never in the middle of a surrogate pair. */
const cut = (word: string): string =>
  word.length <= MAX_WORD ? word : word.slice(0, MAX_WORD).replace(/[\ud800-\udbff]$/, '');
