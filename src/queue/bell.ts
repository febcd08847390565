/** Wakes whoever waits for work, at once and in the same process. */
import { AbortedError } from '../lib/abort.ts';
import type { Timing } from './timing.ts';

export class Bell {
  readonly #timing: Timing;
  readonly #waiting = new Set<AbortController>();
  #rings = 0;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  ring(): void {
    this.#rings += 1;
    for (const waiting of this.#waiting) waiting.abort();
  }

  /** What to wait on; take it before looking for work, so that a ring in between is not missed. */
  get next(): number {
    return this.#rings + 1;
  }

  /**
   * Resolves when `ring` does, after `ms`, or when the signal aborts. Nothing of it outlives it: neither the signal
   * nor a promise that may never be settled keeps what waited on it, as `AbortSignal.any` and `Promise.race` do.
   */
  async wait(ring: number, ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#rings >= ring) return;
    const over = new AbortController();
    const stop = (): void => over.abort();
    signal.addEventListener('abort', stop, { once: true });
    this.#waiting.add(over);
    try {
      await this.#timing.sleep(ms, { signal: over.signal });
    } catch (error) {
      if (!(error instanceof AbortedError)) throw error;
    } finally {
      this.#waiting.delete(over);
      signal.removeEventListener('abort', stop);
    }
  }
}
