/** Waits out an outage of a store. */
import { sleep } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';

export interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
  /** After so many failures in a row it gives up; undefined never does. */
  readonly attempts?: number | undefined;
}

const LOG_EVERY_MS = 10_000;

export class Patience {
  readonly #pauses: Pauses;
  readonly #log: Log;
  readonly #wait: (ms: number, options: CallOptions) => Promise<void>;
  #downSince: number | undefined;

  constructor(pauses: Pauses, log: Log, wait: (ms: number, options: CallOptions) => Promise<void> = sleep) {
    this.#pauses = pauses;
    this.#log = log;
    this.#wait = wait;
  }

  /** Makes a call again for as long as it fails for a reason that passes, with a pause that doubles. */
  async until<T>(what: string, work: () => Promise<T>, options: CallOptions): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        const result = await work();
        this.#up();
        return result;
      } catch (error) {
        const isOver = failures >= (this.#pauses.attempts ?? Number.POSITIVE_INFINITY);
        if (!(error instanceof StorageError) || !error.retryable || isOver) throw error;
        await this.#pause(failures, what, error, options);
      }
    }
  }

  async #pause(failures: number, what: string, error: StorageError, options: CallOptions): Promise<void> {
    this.#downSince ??= performance.now();
    const { firstMs, longestMs } = this.#pauses;
    const pauseMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), longestMs);
    for (let left = pauseMs; left > 0; left -= LOG_EVERY_MS) {
      const line = { store: error.store, code: error.code, during: what, failures, nextInMs: left };
      this.#log.warn(line, 'a store is down; waiting to go on');
      await this.#wait(Math.min(left, LOG_EVERY_MS), options);
    }
  }

  #up(): void {
    if (this.#downSince === undefined) return;
    this.#log.info({ downMs: Math.round(performance.now() - this.#downSince) }, 'the stores are back');
    this.#downSince = undefined;
  }
}
