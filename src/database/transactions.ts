/** Work in a transaction, tried again after failures that are the engine's and not the work's. */
import type { Kysely } from 'kysely';
import type { Log } from '../lib/log.ts';
import { Retries, type RetryKind } from '../lib/retries.ts';
import type { CallOptions } from '../model/report.ts';
import type { Database } from './contract.ts';
import { DatabaseError } from './errors.ts';

/** Thrown by the work: what it wrote is undone, nobody hears of an error, and it is not tried again. */
export class AbandonTransaction extends Error {
  override readonly name = 'AbandonTransaction';
}

export interface TransactionOptions {
  readonly kind: RetryKind;
  /** Default: 10 s, 30 s, 1, 2 and 5 minutes, those of the original. */
  readonly delaysMs?: readonly number[] | undefined;
  /** A line in the log at least this often while waiting; default: 10 s. */
  readonly logEveryMs?: number | undefined;
  readonly log: Log;
  readonly quit?: AbortSignal | undefined;
  /** Default: a real pause. */
  readonly wait?: ((ms: number, options: CallOptions) => Promise<void>) | undefined;
}

const DELAYS_MS: readonly number[] = [10_000, 30_000, 60_000, 120_000, 300_000];
const LOG_EVERY_MS = 10_000;

/** Says what the transaction is for, in the log. */
export interface TransactionCall extends CallOptions {
  readonly name: string;
}

export interface TransactionExecutor {
  /**
   * Commits when `work` resolves, undoes when it rejects. Work that failed for a reason that passes (the error's
   * `retryable`, which each engine's codes decide) is called again with a new transaction. Undefined when it was
   * abandoned.
   */
  run<T>(work: (tx: Kysely<unknown>) => Promise<T>, call: TransactionCall): Promise<T | undefined>;
}

export function transactionExecutor(database: Database, options: TransactionOptions): TransactionExecutor {
  const { delaysMs = DELAYS_MS, logEveryMs = LOG_EVERY_MS, log } = options;
  const isOperational = (error: unknown): boolean => error instanceof DatabaseError && error.retryable;
  const retries = new Retries({ ...options, delaysMs, logEveryMs, isOperational });
  return {
    async run(work, { name, signal }) {
      const attempt = () => database.tables<unknown>().transaction().execute(work);
      const onWaiting = (pause: { error: unknown; failures: number; leftMs: number }): void => {
        const { failures, leftMs, error } = pause;
        log.warn(
          { transaction: name, failures, nextInMs: leftMs, err: error },
          'waiting to try a transaction again',
        );
      };
      try {
        return await retries.run(attempt, { signal, onWaiting });
      } catch (error) {
        if (!(error instanceof AbandonTransaction)) throw error;
        log.debug({ transaction: name, err: error }, 'a transaction was abandoned');
        return undefined;
      }
    },
  };
}
