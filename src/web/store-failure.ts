/** What a page says of a store or a queue that fails: which one and the code, never its message. */
import { DatabaseError } from '../database/errors.ts';
import { isAborted, raceSignal } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';
import { QueueError } from '../queue/contract.ts';
import { AggregateStorageError, StorageError } from '../storage/errors.ts';

/**
 * How long a page waits for a store, the queue or the database before it says that it does not answer. A person
 * waits for 5 s, so what a page asks for one after the other takes no longer together.
 */
export const WAITS = {
  /** What the page is about. */
  main: 3000,
  /** What is asked for after it, and the page can do without. */
  extra: 1500,
  /** A search counts as well, and nothing comes after it. */
  search: 4500,
  /** What a person pressed a button for: a download, removal from every store. */
  action: 15_000,
} as const;

/** Calls a store, for at most as long as a page can wait. Rejects as the store does, or with `aborted`. */
export async function withinTime<T>(
  call: (options: Required<CallOptions>) => Promise<T>,
  wait: keyof typeof WAITS = 'main',
): Promise<T> {
  const signal = AbortSignal.timeout(WAITS[wait]);
  return raceSignal(call({ signal }), signal);
}

/** Failed now, may work later. `closed`: the service is stopping. */
export const isOutage = (error: unknown): boolean =>
  error instanceof QueueError ||
  isAborted(error) ||
  ((error instanceof StorageError || error instanceof DatabaseError) &&
    (error.retryable || error.code === 'closed'));

export const isNotFound = (error: unknown): boolean =>
  error instanceof StorageError && error.code === 'not_found';

/** One line for a page. `who` is what was asked, for when it gave no answer. */
export function describeFailure(error: unknown, who = 'A store'): string {
  if (error instanceof AggregateStorageError) {
    const parts = error.errors.filter((e) => !isNotFound(e)).map((e) => describeFailure(e, who));
    return parts.length > 0 ? parts.join(' ') : `Store ${error.store} failed [${error.code}].`;
  }
  if (error instanceof StorageError) {
    if (error.code === 'corrupt') return `Store ${error.store} has it, but damaged [corrupt].`;
    return isOutage(error)
      ? `Store ${error.store} does not answer as it should now [${error.code}]. What it holds is not lost; try again later.`
      : `Store ${error.store} failed [${error.code}].`;
  }
  if (error instanceof QueueError) return `The queue does not take tasks now [${error.code}].`;
  if (isAborted(error)) return `${who} did not answer in time [timeout].`;
  if (error instanceof DatabaseError)
    return `The database ${isOutage(error) ? 'does not answer' : 'failed'} [${error.code}].`;
  return 'An unexpected failure; it was logged.';
}
