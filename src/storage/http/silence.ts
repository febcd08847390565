/**
 * Ends a request on which nothing moves: a network that swallows packets gives no error, and undici's own time limits begin
 * when the body was sent.
 */
import { StorageError } from '../errors.ts';

export class Silence {
  readonly #store: string;
  readonly #limitMs: number;
  readonly #outer: AbortSignal | undefined;
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;
  #failure: unknown;
  #readsSource = false;
  #ended = false;

  /** `store` is named in the error. */
  constructor(store: string, limitMs: number, outer: AbortSignal | undefined) {
    this.#store = store;
    this.#limitMs = limitMs;
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#over(), limitMs);
    this.#stop = () => this.#end.abort(outer?.reason);
    outer?.addEventListener('abort', this.#stop, { once: true });
    if (outer?.aborted) this.#stop();
  }

  /** Aborts when it has been silent for too long, or the caller's signal aborts. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Why the request ended, where it was not the connection: what the caller is to hear. */
  get reason(): unknown {
    return this.#failure;
  }

  /** Something moved. */
  heard(): void {
    if (!this.#ended) this.#timer.refresh();
  }

  /** The chunks as they are taken; remembers what the source fails with. A source may take as long as it likes. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      this.#readsSource = true;
      for await (const chunk of chunks) {
        this.#readsSource = false;
        this.heard();
        yield chunk;
        this.heard();
        this.#readsSource = true;
      }
    } catch (error) {
      this.#failure ??= error;
      throw error;
    } finally {
      this.#readsSource = false;
      this.heard();
    }
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#stop);
  }

  #over(): void {
    if (this.#readsSource) {
      this.heard();
      return;
    }
    this.#failure ??= new StorageError(
      'timeout',
      this.#store,
      `the destination was silent for ${this.#limitMs} ms`,
    );
    this.#end.abort(this.#failure);
  }
}
