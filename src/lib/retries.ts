/** Repeats what fails for a reason that passes. Which reasons those are is the caller's word. */
import { sleep } from './abort.ts';

/** Never again; once more after each delay; the same, going on with the last delay for ever. */
export const RETRY_KINDS = ['none', 'limited', 'infinite'] as const;
export type RetryKind = (typeof RETRY_KINDS)[number];

interface SignalOption {
  readonly signal?: AbortSignal | undefined;
}

export interface Pause {
  readonly error: unknown;
  /** So far. */
  readonly failures: number;
  /** Until the next attempt. */
  readonly leftMs: number;
}

export interface RetriesOptions {
  readonly kind: RetryKind;
  readonly delaysMs: readonly number[];
  /** `onWaiting` is called at least this often while waiting. */
  readonly logEveryMs: number;
  readonly isOperational: (error: unknown) => boolean;
  /** Aborted when the process is to end: then nobody waits any more, and what failed is raised. */
  readonly quit?: AbortSignal | undefined;
  /** Default: `sleep`. */
  readonly wait?: ((ms: number, options: SignalOption) => Promise<void>) | undefined;
}

export interface Attempts extends SignalOption {
  /** Before each pause. */
  onRetry?(error: unknown): void;
  onWaiting(pause: Pause): void;
}

export class Retries {
  readonly #options: RetriesOptions;
  readonly #ending = new AbortController();
  readonly #over: AbortSignal;

  constructor(options: RetriesOptions) {
    this.#options = options;
    const { signal } = this.#ending;
    this.#over = options.quit ? AbortSignal.any([signal, options.quit]) : signal;
  }

  /** Waits end with the error that they are for, and none begins. */
  end(): void {
    this.#ending.abort();
  }

  async run<T>(attempt: () => Promise<T>, attempts: Attempts): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt();
      } catch (error) {
        const delay = this.#delayAfter(failures);
        if (delay === undefined || !this.#options.isOperational(error) || this.#over.aborted) throw error;
        attempts.onRetry?.(error);
        await this.#pause(delay, failures + 1, error, attempts);
      }
    }
  }

  /** Undefined when there is no further attempt. The original sleeps after its last failure too, for nothing. */
  #delayAfter(failures: number): number | undefined {
    const { kind, delaysMs } = this.#options;
    if (kind === 'none') return undefined;
    return delaysMs[failures] ?? (kind === 'infinite' ? delaysMs.at(-1) : undefined);
  }

  async #pause(
    delayMs: number,
    failures: number,
    error: unknown,
    { signal: own, onWaiting }: Attempts,
  ): Promise<void> {
    const { logEveryMs, wait = sleep } = this.#options;
    const signal = own ? AbortSignal.any([own, this.#over]) : this.#over;
    for (let left = delayMs; left > 0; left -= logEveryMs) {
      onWaiting({ error, failures, leftMs: left });
      try {
        await wait(Math.min(left, logEveryMs), { signal });
      } catch (stopped) {
        throw this.#over.aborted && !own?.aborted ? error : stopped;
      }
    }
  }
}
