/** What a pool or a file owes its callers about signals and closing. */
import { raceSignal } from '../lib/abort.ts';
import { InHand } from '../lib/in-hand.ts';
import { DatabaseError } from './errors.ts';

export class OpenCalls {
  readonly #label: string;
  readonly #inHand = new InHand();
  #closed: Promise<void> | undefined;

  /** `label` is what the errors call it. */
  constructor(label: string) {
    this.#label = label;
  }

  /** Throws `closed`. */
  ensureOpen(): void {
    if (this.#closed !== undefined) throw this.#closedError();
  }

  /** When the signal aborts the caller is answered at once; `close` waits for the work all the same. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal | undefined): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closedError());
    if (signal?.aborted) return raceSignal(Promise.resolve() as Promise<never>, signal);
    return raceSignal(this.#inHand.track(work()), signal);
  }

  /** For what outlives the call that began it: `close` waits until the function is called. */
  hold(): () => void {
    return this.#inHand.hold();
  }

  /** No new calls from now on; `end` when those in hand have ended. May be called twice. */
  close(end: () => Promise<void>): Promise<void> {
    this.#closed ??= this.#close(end);
    return this.#closed;
  }

  async #close(end: () => Promise<void>): Promise<void> {
    await this.#inHand.settled();
    await end();
  }

  #closedError(): DatabaseError {
    return new DatabaseError('closed', `${this.#label} is closed`);
  }
}
