/** What the contract asks of every store around its calls: `closed` after close, close waits, errors have codes. */
import { raceSignal, throwIfAborted } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';
import { StorageError, toStorageError } from './errors.ts';

export type WrapError = (error: unknown) => StorageError;

/** One per store: every method runs through it. */
export class CallGate {
  readonly #store: string;
  readonly #wrap: WrapError;
  #inHand = 0;
  #closed = false;
  #idle: PromiseWithResolvers<void> | undefined;

  /** `wrap` turns what the engine throws into a StorageError; default: `internal`. */
  constructor(store: string, wrap?: WrapError) {
    this.#store = store;
    this.#wrap = wrap ?? ((error) => toStorageError(store, error));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Rejects with `closed` or `aborted` before `work` starts; what `work` throws gets a code. */
  async run<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    this.#enter();
    try {
      throwIfAborted(options?.signal);
      return await work();
    } catch (error) {
      throw this.#wrap(error);
    } finally {
      this.#leave();
    }
  }

  /** The same for what is read piece by piece; the signal is asked before each piece. */
  async *iterate<T>(
    options: CallOptions | undefined,
    source: () => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    this.#enter();
    try {
      throwIfAborted(options?.signal);
      for await (const item of source()) {
        throwIfAborted(options?.signal);
        yield item;
      }
    } catch (error) {
      throw this.#wrap(error);
    } finally {
      this.#leave();
    }
  }

  /** No new calls from now on; resolves when those in hand have ended, rejects with `aborted` when the signal is first. */
  async close(options?: CallOptions): Promise<void> {
    this.#closed = true;
    if (this.#inHand === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    try {
      await raceSignal(this.#idle.promise, options?.signal);
    } catch (error) {
      throw toStorageError(this.#store, error);
    }
  }

  #enter(): void {
    if (this.#closed) throw new StorageError('closed', this.#store, 'the store is closed');
    this.#inHand += 1;
  }

  #leave(): void {
    this.#inHand -= 1;
    if (this.#inHand === 0) this.#idle?.resolve();
  }
}
