/** `auxilio/signature` as browsers get it: lists come as texts, and doubtful lines are judged in this thread. */
import { compileLists, type ListTexts, type SignatureLists } from './lists.ts';
import { isPlainlySafe, type PatternJudge, questionOf, verdictOf } from './pattern-verdict.ts';

export * from './library.ts';

export interface ListOptions {
  /** Stands before the file name in errors, with a slash at its end. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

/**
 * Lists from their texts; a missing one matches nothing. Rejects with `ListError` on a line that is no regex,
 * cannot be translated or can be slow: finding that out takes some 50 ms for each line of doubtful form.
 * Needs `crypto.subtle`, which browsers have on https and on localhost.
 */
export const parseLists = (texts: ListTexts, options: ListOptions = {}): Promise<SignatureLists> =>
  compileLists(texts, { ...options, judge });

const judge: PatternJudge = async (patterns, { signal }) => {
  if (patterns.every((pattern) => isPlainlySafe(pattern.shape))) return patterns.map(() => ({ safe: true }));
  const { checkSync } = await import('recheck');
  return patterns.map((pattern) => {
    signal?.throwIfAborted();
    return isPlainlySafe(pattern.shape) ? { safe: true } : verdictOf(checkSync, questionOf(pattern));
  });
};
