/** Whose fault a failed move is: that decides between waiting, trying again and setting aside. */
import { isAborted } from '../lib/abort.ts';
import { QueueError } from '../queue/contract.ts';
import { StorageError } from '../storage/errors.ts';

/**
 * `outage`: a store or the queue cannot work now, whatever the report. `report`: it will never be taken.
 * `unsure`: could be either (a bug in a store, a wrong password): tried again, set aside if others go through.
 */
export type Blame = 'outage' | 'report' | 'unsure';

export function blameOf(error: unknown): Blame {
  if (isAborted(error)) return 'outage';
  if (error instanceof QueueError)
    return error.code === 'internal' || error.code === 'invalid' ? 'unsure' : 'outage';
  if (!(error instanceof StorageError)) return 'unsure';
  if (error.retryable || error.code === 'closed') return 'outage';
  return error.code === 'invalid' || error.code === 'corrupt' ? 'report' : 'unsure';
}

/** For metrics: few different words, and no client data. */
export function reasonOf(error: unknown): string {
  if (error instanceof StorageError) return `storage_${error.code}`;
  if (error instanceof QueueError) return `queue_${error.code}`;
  return isAborted(error) ? 'timeout' : 'internal';
}
