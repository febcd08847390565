/** The words of a text, as search knows them in every engine that has no notion of its own. */

/** Lower case as Unicode has it. */
export const fold = (text: string): string => text.toLowerCase();

/** Letters, digits and `_` in a row. */
export const wordsOf = (text: string): readonly string[] => fold(text).match(/[\p{L}\p{N}_]+/gu) ?? [];
