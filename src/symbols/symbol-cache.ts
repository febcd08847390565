/**
 * Symbol files on disk, laid out as walkers want them: `files/NAME/DEBUGID/NAME.sym`. A file's mtime is its last use;
 * several processes may share the folder. What is written gets its name only when it is whole.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, rmdir, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { metrics } from './metrics.ts';
import { MissingSymbols } from './missing-symbols.ts';
import { moduleLine, type SymbolKey, symbolPath } from './symbol-file.ts';

export interface SymbolCacheOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly maxFileBytes: number;
  readonly missingTtlMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The bytes are no symbol file of this module, or more than allowed. */
export class RefusedSymbols extends Error {
  override readonly name = 'RefusedSymbols';
}

/** Eviction goes on until the cache is this full, so that it does not run for every new file. */
const EVICT_TO = 0.9;
/** Other processes write too: the folder is measured again after this many new files. */
const MEASURE_EVERY = 200;
/** What a write left behind that was killed is removed after this. */
const STALE_MS = 24 * 3_600_000;
const TAIL_BYTES = 4096;

interface CachedFile {
  readonly path: string;
  readonly size: number;
  readonly usedAt: number;
}

const ignoreMissing = (error: unknown): void => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
};

export class SymbolCache {
  readonly #options: SymbolCacheOptions;
  readonly #missing: MissingSymbols;
  /** How many walks use a file now. */
  readonly #pins = new Map<string, number>();
  #bytes = 0;
  #untilMeasured = MEASURE_EVERY;
  #evicting: Promise<void> | undefined;

  private constructor(options: SymbolCacheOptions) {
    this.#options = options;
    this.#missing = new MissingSymbols(
      join(options.folder, 'missing.json'),
      options.missingTtlMs,
      options.clock,
    );
  }

  /** Makes the folder when it is not there, and measures it. */
  static async open(options: SymbolCacheOptions): Promise<SymbolCache> {
    const cache = new SymbolCache(options);
    await makeFolders(cache.filesFolder);
    await makeFolders(cache.#tmp);
    await cache.#missing.load(options.log);
    await cache.#sweepTmp();
    await cache.#makeRoom();
    return cache;
  }

  /** The symbol path for walkers. */
  get filesFolder(): string {
    return join(this.#options.folder, 'files');
  }

  get #tmp(): string {
    return join(this.#options.folder, 'tmp');
  }

  pathOf(key: SymbolKey): string {
    return join(this.filesFolder, key.debugFile, key.debugId, key.file);
  }

  /** True when the file is there; it counts as used now. */
  async touch(key: SymbolKey): Promise<boolean> {
    const now = this.#options.clock.now();
    try {
      await utimes(this.pathOf(key), now, now);
      return true;
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return false;
    }
  }

  isKnownMissing(key: SymbolKey): boolean {
    return this.#missing.has(symbolPath(key));
  }

  /** No source has the file: it is not asked for again until the time is over. */
  markMissing(key: SymbolKey): void {
    this.#missing.add(symbolPath(key));
  }

  /** Keeps a file from eviction until `unpin`. */
  pin(key: SymbolKey): void {
    const path = this.pathOf(key);
    this.#pins.set(path, (this.#pins.get(path) ?? 0) + 1);
  }

  unpin(key: SymbolKey): void {
    const path = this.pathOf(key);
    const left = (this.#pins.get(path) ?? 1) - 1;
    if (left > 0) this.#pins.set(path, left);
    else this.#pins.delete(path);
  }

  /**
   * Writes a file. Rejects with `RefusedSymbols` when it is too large or is not the symbol file of this module, with
   * the stream's own error when it breaks; nothing of it stays then. `url` is noted in the file as an `INFO URL` line,
   * which both walkers skip and rust-minidump reports.
   */
  async put(key: SymbolKey, stream: Readable, url: string | null, signal: AbortSignal): Promise<void> {
    const path = this.pathOf(key);
    const temporary = join(this.#tmp, randomUUID());
    try {
      const size = await this.#write(key, stream, temporary, signal);
      await this.#noteUrl(temporary, url);
      await makeFolders(dirname(path));
      await rename(temporary, path);
      this.#bytes += size;
      metrics.set('symbols_cache_bytes', this.#bytes);
    } catch (error) {
      await unlink(temporary).catch(ignoreMissing);
      throw error;
    } finally {
      stream.destroy();
    }
    this.#untilMeasured -= 1;
    if (this.#bytes > this.#options.maxBytes || this.#untilMeasured <= 0) await this.#makeRoom();
  }

  async #write(key: SymbolKey, stream: Readable, path: string, signal: AbortSignal): Promise<number> {
    const { maxFileBytes } = this.#options;
    let size = 0;
    let head = '';
    let checked = false;
    const check = (): void => {
      const line = moduleLine(head);
      if (line?.debugId !== key.debugId) throw new RefusedSymbols('not the symbol file of this module');
      checked = true;
    };
    const guard = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (!checked) head += chunk.toString('latin1');
        try {
          if (size > maxFileBytes) throw new RefusedSymbols(`larger than ${maxFileBytes} bytes`);
          if (!checked && (head.includes('\n') || head.length > 4096)) check();
          done(null, chunk);
        } catch (error) {
          done(error as Error);
        }
      },
      flush(done) {
        try {
          if (!checked) check();
          done();
        } catch (error) {
          done(error as Error);
        }
      },
    });
    await pipeline(stream, guard, createWriteStream(path, { flags: 'wx', mode: 0o640 }), { signal });
    return size;
  }

  async #noteUrl(path: string, url: string | null): Promise<void> {
    if (url === null) return;
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      await file.read(last, 0, 1, size - 1);
      const newline = last.toString('latin1') === '\n' ? '' : '\n';
      await file.write(`${newline}INFO URL ${url}\n`, size);
    } finally {
      await file.close();
    }
  }

  /** The URL a cached file came from; null when it came from a store. */
  async urlOf(key: SymbolKey): Promise<string | null> {
    const file = await open(this.pathOf(key), 'r');
    try {
      const { size } = await file.stat();
      const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
      await file.read(tail, 0, tail.length, size - tail.length);
      return /(?:^|\n)INFO URL ([^\n]+)\n$/.exec(tail.toString('utf8'))?.[1] ?? null;
    } finally {
      await file.close();
    }
  }

  /** Measures the folder and removes what was unused longest until it is below its limit. One at a time. */
  #makeRoom(): Promise<void> {
    this.#evicting ??= this.#evict().finally(() => {
      this.#evicting = undefined;
    });
    return this.#evicting;
  }

  async #evict(): Promise<void> {
    this.#untilMeasured = MEASURE_EVERY;
    const files = await this.#list();
    let bytes = files.reduce((sum, file) => sum + file.size, 0);
    let removed = 0;
    if (bytes > this.#options.maxBytes) {
      const goal = this.#options.maxBytes * EVICT_TO;
      for (const file of files.sort((a, b) => a.usedAt - b.usedAt)) {
        if (bytes <= goal) break;
        if (this.#pins.has(file.path)) continue;
        await this.#remove(file.path);
        bytes -= file.size;
        removed += 1;
      }
    }
    this.#bytes = bytes;
    metrics.set('symbols_cache_bytes', bytes);
    if (removed === 0) return;
    metrics.count('symbols_cache_evicted_total', {}, removed);
    this.#options.log.info({ removed, bytes }, 'symbol cache: removed files that were unused longest');
  }

  async #list(): Promise<CachedFile[]> {
    const entries = await readdir(this.filesFolder, { recursive: true, withFileTypes: true });
    const files: CachedFile[] = [];
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const found = await stat(path).catch(ignoreMissing);
      if (found) files.push({ path, size: found.size, usedAt: found.mtimeMs });
    }
    return files;
  }

  async #remove(path: string): Promise<void> {
    await unlink(path).catch(ignoreMissing);
    await rmdir(dirname(path)).catch(ignoreMissing);
    await rmdir(dirname(dirname(path))).catch(ignoreMissing);
  }

  async #sweepTmp(): Promise<void> {
    const now = this.#options.clock.now().getTime();
    for (const name of await readdir(this.#tmp)) {
      const path = join(this.#tmp, name);
      const found = await stat(path).catch(ignoreMissing);
      if (found && now - found.mtimeMs > STALE_MS) await rm(path, { force: true });
    }
  }

  /** Writes down what is known to be missing. */
  async close(): Promise<void> {
    await this.#evicting;
    await this.#missing.save(join(this.#tmp, randomUUID()));
  }
}
