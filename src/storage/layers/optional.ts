/**
 * A mirror must not hold up the main way: writes that fail, or take longer than `timeoutMs`, are counted and never
 * raised. Reads raise, and so does removing: a removal that fails in silence leaves personal data behind.
 */
import { raceSignal } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import { declareMetrics } from '../../lib/metrics.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash, Report } from '../../model/report.ts';
import type { Store } from '../contract.ts';
import { codeOf, StorageError } from '../errors.ts';
import { type Call, layerOver, type Method } from './layer.ts';

const metrics = declareMetrics({
  storage_optional_failures_total: {
    type: 'counter',
    help: 'Writes that an optional store did not take',
    labels: ['store', 'method', 'code'],
  },
});

const WRITES: ReadonlySet<Method> = new Set(['saveReport', 'saveProcessed', 'putBlob', 'applyFields']);

export interface OptionalOptions {
  readonly timeoutMs: number;
  readonly log: Log;
}

function idOf({ method, args }: Call): string | undefined {
  if (method === 'saveReport') return (args[0] as Report).raw.id;
  return method === 'saveProcessed' ? ((args[0] as RawCrash | ProcessedCrash).id as string) : undefined;
}

/** Writes that were given up and have not ended, each with its dump in hand: with so many no more is started. */
const MOST_ABANDONED = 16;

class Patience {
  readonly #store: string;
  readonly #timeoutMs: number;
  #abandoned = 0;

  constructor(store: string, timeoutMs: number) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with `timeout` when it takes too long; the write is told by its signal, and may go on all the same. */
  async write(
    outer: AbortSignal | undefined,
    start: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown> {
    if (this.#abandoned >= MOST_ABANDONED)
      throw new StorageError('unavailable', this.#store, 'writes that were given up have not ended yet');
    const end = new AbortController();
    const stop = (): void => end.abort(outer?.reason);
    let late: StorageError | undefined;
    const timer = setTimeout(() => {
      late = new StorageError('timeout', this.#store, `took longer than ${this.#timeoutMs} ms`);
      end.abort(late);
    }, this.#timeoutMs);
    outer?.addEventListener('abort', stop, { once: true });
    if (outer?.aborted) stop();
    const writing = start(end.signal);
    try {
      return await raceSignal(writing, end.signal);
    } catch (error) {
      if (end.signal.aborted) this.#abandon(writing);
      throw late ?? error;
    } finally {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    }
  }

  #abandon(writing: Promise<unknown>): void {
    const ended = (): void => {
      this.#abandoned -= 1;
    };
    this.#abandoned += 1;
    writing.then(ended, ended);
  }
}

export function withOptional(inner: Store, { timeoutMs, log }: OptionalOptions): Store {
  const store = inner.name;
  const patience = new Patience(store, timeoutMs);
  return layerOver(inner, 'optional', {
    async call(call, run) {
      if (!WRITES.has(call.method)) return run();
      const outer = call.options?.signal;
      try {
        return await patience.write(outer, (signal) => run({ options: { signal } }));
      } catch (error) {
        if (outer?.aborted) throw error;
        const code = codeOf(error) ?? 'internal';
        metrics.count('storage_optional_failures_total', { store, method: call.method, code });
        log.warn(
          { store, method: call.method, crash: idOf(call), code, err: error },
          'an optional store failed',
        );
        return undefined;
      }
    },
    /** Down is degraded: what holds the store works without it. */
    async health(run, options) {
      try {
        return await run();
      } catch (error) {
        if (options?.signal?.aborted) throw error;
        return { degraded: [store] };
      }
    },
  });
}
