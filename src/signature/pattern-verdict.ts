/** Whether a hostile frame name could keep a pattern busy: what is asked, what is answered, and by whom. */
import type { Shape, Translated } from './translated-regex.ts';

export type PatternVerdict =
  | { readonly safe: true }
  /** `reason` is for the person who wrote the line. */
  | { readonly safe: false; readonly reason: string };

/** One verdict for each pattern, in order. */
export type PatternJudge = (
  patterns: readonly Translated[],
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<readonly PatternVerdict[]>;

/** What the solver is asked. */
export interface PatternQuestion {
  /** JavaScript source, anchored. */
  readonly source: string;
  readonly flags: string;
  readonly timeoutMs: number;
}

/**
 * Nothing repeated but single characters and at most one loop: the work is at most the frame's length times
 * the ways through the rest, and the line is anchored, so that nothing else multiplies it.
 */
const MOST_CHOICES = 64;
/** Without a loop the length does not count. */
const MOST_CHOICES_WITHOUT_LOOP = 4096;

export function isPlainlySafe(shape: Shape): boolean {
  if (shape.intricate || shape.loops > 1) return false;
  return shape.choices <= (shape.loops === 0 ? MOST_CHOICES_WITHOUT_LOOP : MOST_CHOICES);
}

const CHECK_MS = 10_000;

export const questionOf = (pattern: Translated): PatternQuestion => ({
  source: `^(?:${pattern.source})`,
  flags: pattern.flags,
  timeoutMs: CHECK_MS,
});

const LONGEST_ATTACK = 120;

/** `check` is recheck's `checkSync`: pure JavaScript, so that it works wherever this does. */
export function verdictOf(
  check: typeof import('recheck').checkSync,
  { source, flags, timeoutMs }: PatternQuestion,
): PatternVerdict {
  const found = check(source, flags, { timeout: timeoutMs });
  if (found.status === 'safe') return { safe: true };
  if (found.status === 'unknown') {
    return { safe: false, reason: `cannot be shown to match in linear time (${found.error.kind})` };
  }
  const attack = found.attack.pattern.slice(0, LONGEST_ATTACK);
  return { safe: false, reason: `catastrophic backtracking (${found.complexity.summary}), as on ${attack}` };
}
