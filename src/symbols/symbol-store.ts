/** Gathers the symbol files that a walk may need: folders as they are, then the cache, then each source in order. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { raceSignal } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import { mapConcurrent, Semaphore } from '../lib/concurrency.ts';
import { errnoOf } from '../lib/errno.ts';
import type { Log } from '../lib/log.ts';
import type { CallOptions } from '../model/report.ts';
import { metrics } from './metrics.ts';
import type { MinidumpModule } from './minidump/data.ts';
import { type SymbolSource, SymbolSourceError } from './sources/source.ts';
import { RefusedSymbols, type SymbolCache } from './symbol-cache.ts';
import { type SymbolKey, symbolKey, symbolPath } from './symbol-file.ts';

export type SymbolState =
  | { readonly state: 'found'; readonly url: string | null }
  | { readonly state: 'missing' }
  /** A source could not answer: the file may be there. */
  | { readonly state: 'unavailable' }
  /** A source gave bytes that are no symbol file of the module, or too many of them. */
  | { readonly state: 'refused' };

export interface GatheredSymbols {
  /** Symbol paths for the walker. */
  readonly folders: readonly string[];
  /** By index into the dump's modules; only those that were looked for. */
  readonly states: ReadonlyMap<number, SymbolState>;
  /** Lets the files be evicted again. */
  release(): void;
}

export interface SymbolStoreOptions {
  readonly folders: readonly string[];
  /** Belong to the symbol store, which closes them. */
  readonly sources: readonly SymbolSource[];
  readonly cache: SymbolCache;
  readonly fetchTimeoutMs: number;
  readonly concurrency: number;
  readonly maxModules: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A source that failed is left alone for a while, so that an outage costs one time-out and not one for each module. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

class GuardedSource {
  readonly source: SymbolSource;
  #pauseMs = 0;
  #pausedUntil = 0;

  constructor(source: SymbolSource) {
    this.source = source;
  }

  isPaused(now: number): boolean {
    return now < this.#pausedUntil;
  }

  failed(now: number): void {
    if (this.isPaused(now)) return;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    this.#pausedUntil = now + this.#pauseMs;
  }

  answered(): void {
    this.#pauseMs = 0;
  }
}

/** Close it to stop its fetches and its sources; the cache is closed with it. */
export class SymbolStore {
  readonly #options: SymbolStoreOptions;
  readonly #sources: readonly GuardedSource[];
  readonly #slots: Semaphore;
  readonly #flights = new Map<string, Promise<SymbolState>>();
  readonly #closing = new AbortController();

  constructor(options: SymbolStoreOptions) {
    this.#options = options;
    this.#sources = options.sources.map((source) => new GuardedSource(source));
    this.#slots = new Semaphore(Math.max(1, options.concurrency));
  }

  /** `wanted` are indexes into `modules`, likeliest first. Rejects only on abort: a walk without symbols is better than none. */
  async gather(
    modules: readonly MinidumpModule[],
    wanted: readonly number[],
    options: CallOptions = {},
  ): Promise<GatheredSymbols> {
    const pinned: SymbolKey[] = [];
    const release = (): void => {
      for (const key of pinned.splice(0)) this.#options.cache.unpin(key);
    };
    const states = new Map<number, SymbolState>();
    try {
      await mapConcurrent(
        wanted.slice(0, this.#options.maxModules),
        this.#options.concurrency,
        async (index) => {
          const module = modules[index];
          const key = module && symbolKey(module.debugFile, module.debugId);
          if (!key) return;
          this.#options.cache.pin(key);
          pinned.push(key);
          states.set(index, await raceSignal(this.#find(key), options.signal));
        },
      );
    } catch (error) {
      release();
      throw error;
    }
    return { folders: [...this.#options.folders, this.#options.cache.filesFolder], states, release };
  }

  /** One search at a time for each file, whoever asks. It is not ended by one caller's signal: others may wait for it. */
  #find(key: SymbolKey): Promise<SymbolState> {
    const path = symbolPath(key);
    const running = this.#flights.get(path);
    if (running !== undefined) return running;
    const flight = this.#search(key)
      .catch((error: unknown): SymbolState => {
        this.#options.log.error({ err: error }, 'symbol cache failed; the walk goes on without this file');
        return { state: 'unavailable' };
      })
      .finally(() => this.#flights.delete(path));
    this.#flights.set(path, flight);
    return flight;
  }

  async #search(key: SymbolKey): Promise<SymbolState> {
    const { cache } = this.#options;
    for (const folder of this.#options.folders)
      if (await isThere(join(folder, key.debugFile, key.debugId, key.file)))
        return { state: 'found', url: null };
    if (await cache.touch(key)) {
      metrics.count('symbols_cache_total', { outcome: 'hit' });
      return { state: 'found', url: await cache.urlOf(key) };
    }
    if (this.#sources.length === 0) return { state: 'missing' };
    if (cache.isKnownMissing(key)) {
      metrics.count('symbols_cache_total', { outcome: 'known_missing' });
      return { state: 'missing' };
    }
    metrics.count('symbols_cache_total', { outcome: 'miss' });
    return this.#slots.run(() => this.#askSources(key));
  }

  async #askSources(key: SymbolKey): Promise<SymbolState> {
    let worst: SymbolState = { state: 'missing' };
    for (const source of this.#sources) {
      const state = await this.#askSource(source, key);
      if (state.state === 'found') return state;
      if (state.state === 'unavailable' || worst.state === 'missing') worst = state;
    }
    // Refused bytes would be fetched, and refused, again for every crash.
    if (worst.state !== 'unavailable') this.#options.cache.markMissing(key);
    return worst;
  }

  async #askSource(guarded: GuardedSource, key: SymbolKey): Promise<SymbolState> {
    const { clock, log, cache } = this.#options;
    const { source } = guarded;
    if (guarded.isPaused(clock.now().getTime())) return { state: 'unavailable' };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#options.fetchTimeoutMs)]);
    let state: SymbolState;
    try {
      const fetched = await source.fetch(key, { signal });
      guarded.answered();
      if (fetched.found) {
        await cache.put(key, fetched.stream, fetched.url, signal);
        state = { state: 'found', url: fetched.url };
      } else state = { state: 'missing' };
    } catch (error) {
      // Our own disk, which says nothing about the source.
      if (isDiskError(error)) throw error;
      const refused = error instanceof RefusedSymbols;
      state = { state: refused ? 'refused' : 'unavailable' };
      if (!refused) guarded.failed(clock.now().getTime());
      const unavailable = error instanceof SymbolSourceError;
      log.warn(
        { err: error, source: source.name },
        unavailable ? 'symbol source is down' : 'symbol file not taken',
      );
    }
    metrics.count('symbols_fetch_total', { source: source.name, outcome: state.state });
    return state;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the symbol store is closed'));
    await Promise.allSettled(this.#flights.values());
    const results = await Promise.allSettled(this.#options.sources.map((source) => source.close()));
    await this.#options.cache.close();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** The cache's own disk: full, read-only, broken. Nothing to do with the source. */
const isDiskError = (error: unknown): boolean =>
  ['ENOSPC', 'EROFS', 'EACCES', 'EIO', 'EDQUOT', 'EMFILE'].includes(errnoOf(error) ?? '');
