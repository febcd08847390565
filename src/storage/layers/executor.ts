/**
 * Repeats calls that fail for a reason that passes. Which reasons those are is the engine's word: the error's
 * `retryable`. Lists and scans are repeated until their first piece, and not after it.
 */
import { sleep } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import { declareMetrics } from '../../lib/metrics.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Store } from '../contract.ts';
import { StorageError } from '../errors.ts';
import { type Call, layerOver } from './layer.ts';

const metrics = declareMetrics({
  storage_retries_total: {
    type: 'counter',
    help: 'Calls that the executor layer made again',
    labels: ['store', 'method', 'code'],
  },
});

export const EXECUTORS = ['none', 'limited', 'infinite'] as const;
export type ExecutorKind = (typeof EXECUTORS)[number];

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
  const retries = new Retries(inner.name, options);
  return layerOver(inner, 'executor', {
    closing: () => retries.end(),
    call: (call, run) => retries.run(call, () => run()),
    async *iterate(call, run) {
      const { first, rest } = await retries.run(call, async () => {
        const iterator = run()[Symbol.asyncIterator]();
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

class Retries {
  readonly #store: string;
  readonly #options: ExecutorOptions;
  readonly #closing = new AbortController();
  readonly #over: AbortSignal;

  constructor(store: string, options: ExecutorOptions) {
    this.#store = store;
    this.#options = options;
    const { signal } = this.#closing;
    this.#over = options.quit ? AbortSignal.any([signal, options.quit]) : signal;
  }

  /** Waits end with the error that they are for, and none begins. */
  end(): void {
    this.#closing.abort();
  }

  async run<T>(call: Call, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        const delay = this.#delayAfter(failures);
        if (!(error instanceof StorageError) || !error.retryable || delay === undefined) throw error;
        if (this.#over.aborted) throw error;
        metrics.count('storage_retries_total', { store: this.#store, method: call.method, code: error.code });
        await this.#pause(delay, failures + 1, call, error);
      }
    }
  }

  /** Undefined when there is no further attempt. The original sleeps after its last failure too, for nothing. */
  #delayAfter(failures: number): number | undefined {
    const { kind, delaysMs } = this.#options;
    if (kind === 'none') return undefined;
    return delaysMs[failures] ?? (kind === 'infinite' ? delaysMs.at(-1) : undefined);
  }

  async #pause(delayMs: number, failures: number, call: Call, error: StorageError): Promise<void> {
    const { log, logEveryMs, wait = sleep } = this.#options;
    const own = call.options?.signal;
    const signal = own ? AbortSignal.any([own, this.#over]) : this.#over;
    for (let left = delayMs; left > 0; left -= logEveryMs) {
      const line = { store: this.#store, method: call.method, failures, code: error.code, nextInMs: left };
      log.warn(line, 'a store failed; waiting to try again');
      try {
        await wait(Math.min(left, logEveryMs), { signal });
      } catch (stopped) {
        throw this.#over.aborted && !own?.aborted ? error : stopped;
      }
    }
  }
}

/** What an executor may add to a call: the sum of its delays, endless for `infinite`. */
export function waitingMs(kind: ExecutorKind, delaysMs: readonly number[]): number {
  if (kind === 'none') return 0;
  return kind === 'infinite' ? Number.POSITIVE_INFINITY : delaysMs.reduce((sum, delay) => sum + delay, 0);
}
