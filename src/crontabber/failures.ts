/** Several pieces of work of one job: one that fails does not stop the others, and none is forgotten. */
import { throwIfAborted } from '../lib/abort.ts';

export class Failures {
  readonly #signal: AbortSignal;
  readonly #found: { readonly what: string; readonly error: unknown }[] = [];

  /** When the signal aborts, nothing more is begun. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async catch(what: string, work: () => Promise<void>): Promise<void> {
    throwIfAborted(this.#signal);
    try {
      await work();
    } catch (error) {
      if (this.#signal.aborted) throw error;
      this.#found.push({ what, error });
    }
  }

  /** Throws the only one as it is, several as one that names them all. */
  throw(): void {
    const [first] = this.#found;
    if (!first) return;
    if (this.#found.length === 1) throw first.error;
    const lines = this.#found.map(
      ({ what, error }) => `${what}: ${error instanceof Error ? error.message : error}`,
    );
    throw new AggregateError(
      this.#found.map(({ error }) => error),
      lines.join('; '),
    );
  }
}
