/** What a process's death says of the tasks that it had in hand. */

/** What a queue keeps of a task's past. */
export interface Past {
  /** Attempts already used. */
  readonly used: number;
  /**
   * A process died with it in hand: of it, of a task beside it, or of neither. It is handled alone next, so that the
   * next death tells: poison is found out, and what only stood beside it is not given up with it.
   */
  readonly isSuspect: boolean;
}

/**
 * The past with one more death, or `dead` when that was the last attempt. The first death does not take the last attempt:
 * nobody knows yet whose it was. Test: queue conformance, "poison".
 */
export function afterDeath({ used, isSuspect }: Past, maxAttempts: number): Past | 'dead' {
  if (!isSuspect) return { used: Math.max(0, Math.min(used + 1, maxAttempts - 1)), isSuspect: true };
  return used + 1 >= maxAttempts ? 'dead' : { used: used + 1, isSuspect: true };
}
