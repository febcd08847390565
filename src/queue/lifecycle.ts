/** Open, in use, closed: what every queue owes its callers about signals and closing. */
import { isAborted, raceSignal, throwIfAborted } from '../lib/abort.ts';
import { InHand } from '../lib/in-hand.ts';
import type { CallOptions } from '../model/report.ts';
import { QueueError } from './contract.ts';

export class Lifecycle {
  readonly #closing = new AbortController();
  readonly #inHand = new InHand();
  readonly #toQueueError: (error: unknown) => unknown;

  /** `toQueueError` translates a backend's own errors; it may return what it does not know as it came. */
  constructor(toQueueError: (error: unknown) => unknown = (error) => error) {
    this.#toQueueError = toQueueError;
  }

  /** Aborts when `close` is called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Does a call's work. An abort gives the caller an answer at once; work that cannot be taken back goes on, and
   * `close` waits for it.
   */
  async call<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    this.#ensureOpen();
    try {
      if (options?.signal?.aborted) return await raceSignal(Promise.resolve() as Promise<T>, options.signal);
      const running = this.#inHand.track(work());
      return await raceSignal(running, options?.signal);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** What is read piece by piece; the signal is asked before each piece. `close` does not wait for it. */
  async *iterate<T>(
    options: CallOptions | undefined,
    source: () => Iterable<T> | AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    this.#ensureOpen();
    try {
      for await (const piece of source()) {
        throwIfAborted(options?.signal);
        yield piece;
      }
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Runs a consumer until its own signal aborts or the queue is closed; listens to the caller's signal no longer than that. */
  async consume(signal: AbortSignal, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#ensureOpen();
    await this.#inHand.track(run(AbortSignal.any([signal, this.#closing.signal])));
  }

  /** Resolves when nothing is in hand any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#inHand.settled();
  }

  #ensureOpen(): void {
    if (this.#closing.signal.aborted) throw new QueueError('closed', 'the queue is closed');
  }

  #explained(error: unknown): unknown {
    return isAborted(error)
      ? new QueueError('aborted', 'the call was aborted', { cause: error })
      : this.#toQueueError(error);
  }
}
