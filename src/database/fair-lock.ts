/** One at a time, in order of arrival. */
import { AbortedError } from '../lib/abort.ts';

export class FairLock {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  /** Resolves with the function that lets go; call it once. Rejects with `AbortedError` while still waiting. */
  acquire(signal?: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new AbortedError('aborted', { cause: signal.reason }));
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve(() => this.#release());
      };
      const leave = (): void => {
        const index = this.#waiting.indexOf(enter);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(new AbortedError('aborted', { cause: signal?.reason }));
      };
      if (!this.#held) {
        this.#held = true;
        return enter();
      }
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(enter);
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#held = false;
  }
}
