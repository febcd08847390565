/** Bytes of memory that may be held at once; who asks for more than is left waits, in order. */
import { AbortedError, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

export class ByteBudget {
  /** The most that can be asked for. */
  readonly limit: number;
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.limit = limit;
    this.#free = limit;
  }

  /** Resolves with what gives the bytes back; calling that twice gives them back once. */
  async take(bytes: number, options?: CallOptions): Promise<() => void> {
    if (bytes > this.limit) throw new RangeError(`${bytes} of ${this.limit} bytes can never be had`);
    throwIfAborted(options?.signal);
    if (this.#waiting.length === 0 && bytes <= this.#free) this.#free -= bytes;
    else await this.#wait(bytes, options?.signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += bytes;
      this.#serve();
    };
  }

  async #wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const waiting: Waiting = { bytes, grant: turn.resolve };
    const giveUp = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      turn.reject(new AbortedError('aborted', { cause: signal?.reason }));
      this.#serve();
    };
    this.#waiting.push(waiting);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await turn.promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.grant();
    }
  }
}
