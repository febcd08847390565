/** Places of which there are so many, given out in order of arrival. */
import { AbortedError } from '../lib/abort.ts';

interface Waiting {
  enter(): void;
}

export class Slots {
  #size: number;
  #used = 0;
  readonly #waiting: Waiting[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** So many from now on, if they were fewer. */
  grow(size: number): void {
    this.#size = Math.max(this.#size, size);
    this.#admit();
  }

  /**
   * Resolves with true for a place, to be given back with `free`; with false after `ms` (0: never). Rejects with
   * `AbortedError` when the signal is first.
   */
  take(ms: number, signal?: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new AbortedError('aborted', { cause: signal.reason }));
      let timer: NodeJS.Timeout | undefined;
      const waiting: Waiting = {
        enter: () => {
          leave();
          resolve(true);
        },
      };
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        const index = this.#waiting.indexOf(waiting);
        if (index >= 0) this.#waiting.splice(index, 1);
      };
      const abort = (): void => {
        leave();
        reject(new AbortedError('aborted', { cause: signal?.reason }));
      };
      signal?.addEventListener('abort', abort, { once: true });
      if (ms > 0)
        timer = setTimeout(() => {
          leave();
          resolve(false);
        }, ms);
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  free(): void {
    this.#used -= 1;
    this.#admit();
  }

  #admit(): void {
    while (this.#used < this.#size) {
      const next = this.#waiting[0];
      if (!next) return;
      this.#used += 1;
      next.enter();
    }
  }
}
