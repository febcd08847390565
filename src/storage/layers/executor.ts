/**
 * Repeats calls that fail for a reason that passes. Which reasons those are is the engine's word: the error's
 * `retryable`. Lists and scans are repeated until their first piece, and not after it.
 */
import type { Log } from '../../lib/log.ts';
import { declareMetrics } from '../../lib/metrics.ts';
import { RETRY_KINDS, Retries, type RetryKind } from '../../lib/retries.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Store } from '../contract.ts';
import { codeOf, StorageError } from '../errors.ts';
import { type Call, layerOver } from './layer.ts';

const metrics = declareMetrics({
  storage_retries_total: {
    type: 'counter',
    help: 'Calls that the executor layer made again',
    labels: ['store', 'method', 'code'],
  },
});

export const EXECUTORS = RETRY_KINDS;
export type ExecutorKind = RetryKind;

export interface ExecutorOptions {
  /** `limited` tries once more after each delay; `infinite` goes on with the last delay for ever. */
  readonly kind: ExecutorKind;
  readonly delaysMs: readonly number[];
  /** A line in the log at least this often while waiting. */
  readonly logEveryMs: number;
  readonly log: Log;
  /** Aborted when the process is to end: then nobody waits any more, and what failed is raised. */
  readonly quit?: AbortSignal | undefined;
  /** Default: `sleep`. */
  readonly wait?: (ms: number, options: CallOptions) => Promise<void>;
}

export function withExecutor(inner: Store, options: ExecutorOptions): Store {
  const retries = new Retries({
    ...options,
    isOperational: (error) => error instanceof StorageError && error.retryable,
  });
  const run = <T>({ method, options: { signal } = {} }: Call, attempt: () => Promise<T>): Promise<T> =>
    retries.run(attempt, {
      signal,
      onRetry: (error) =>
        metrics.count('storage_retries_total', {
          store: inner.name,
          method,
          code: codeOf(error) ?? 'internal',
        }),
      onWaiting: ({ error, failures, leftMs }) => {
        const line = {
          store: inner.name,
          method,
          failures,
          code: codeOf(error) ?? 'internal',
          nextInMs: leftMs,
        };
        options.log.warn(line, 'a store failed; waiting to try again');
      },
    });
  return layerOver(inner, 'executor', {
    closing: () => retries.end(),
    call: (call, attempt) => run(call, () => attempt()),
    async *iterate(call, begin) {
      const { first, rest } = await run(call, async () => {
        const iterator = begin()[Symbol.asyncIterator]();
        return { first: await iterator.next(), rest: iterator };
      });
      try {
        for (let next = first; !next.done; next = await rest.next()) yield next.value;
      } finally {
        await rest.return?.();
      }
    },
  });
}

/** What an executor may add to a call: the sum of its delays, endless for `infinite`. */
export function waitingMs(kind: ExecutorKind, delaysMs: readonly number[]): number {
  if (kind === 'none') return 0;
  return kind === 'infinite' ? Number.POSITIVE_INFINITY : delaysMs.reduce((sum, delay) => sum + delay, 0);
}
