/**
 * An SQLite file, open. One writing and one reading thread per file and process, shared by whoever opens the same
 * file again; a long read does not hold up writes. Other processes may have the file open too.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { throwIfAborted } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';
import { OpenCalls } from './open-calls.ts';
import { SharedFile, type SqliteTransaction } from './shared-file.ts';
import type { Rows, Statement, StatementResult } from './sqlite-protocol.ts';

/** Rows asked for at a time from an open cursor unless told otherwise. */
const FETCH = 500;
/** 8 MiB in a file of ours: well under a second. */
const SHRINK_PAGES = 2048;

const open = new Map<string, SharedFile>();
/** A file that is being closed, so that it is not opened again beside itself. */
const closing = new Map<string, Promise<void>>();

/** The same file by whatever path: through links, relative, not there yet. */
async function canonical(path: string): Promise<string> {
  const full = resolve(path);
  try {
    return await realpath(full);
  } catch {
    try {
      return join(await realpath(dirname(full)), basename(full));
    } catch {
      return full;
    }
  }
}

export class SqliteFile {
  readonly #shared: SharedFile;
  readonly #calls: OpenCalls;

  private constructor(shared: SharedFile) {
    this.#shared = shared;
    this.#calls = new OpenCalls(shared.path);
  }

  /** Opens or creates the file. Rejects with a `DatabaseError`. Whoever opened it closes it. */
  static async open(path: string): Promise<SqliteFile> {
    const full = await canonical(path);
    await closing.get(full);
    const shared = open.get(full) ?? new SharedFile(full);
    open.set(full, shared);
    shared.users += 1;
    const file = new SqliteFile(shared);
    try {
      await file.health();
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get path(): string {
    return this.#shared.path;
  }

  /**
   * A read, on the reading thread; sees everything committed before it. Rows beyond `maxBytes` are left out and
   * `more` is true. When the signal aborts the caller is answered at once; the read itself runs to its end.
   */
  query(
    statement: Statement,
    options: CallOptions & { readonly maxBytes?: number } = {},
  ): Promise<StatementResult> {
    const { maxBytes = Number.POSITIVE_INFINITY, signal } = options;
    return this.#calls.run(() => this.#shared.reader().ask({ kind: 'run', statement, maxBytes }), signal);
  }

  /**
   * Reads a blob, the only column of the only row, into shared memory of the caller's, which has room for it:
   * nothing is left for the collector of garbage. Resolves with its length, undefined when there is no row.
   * Not to be raced: the memory is written until it settles.
   */
  async readBlob(statement: Statement, into: Uint8Array): Promise<number | undefined> {
    const length = await this.#calls.run(() => this.#shared.reader().ask({ kind: 'blob', statement, into }));
    return length ?? undefined;
  }

  /** One statement on the writing thread. */
  write(statement: Statement, { signal }: CallOptions = {}): Promise<StatementResult> {
    return this.#calls.run(() => this.#shared.write(statement, signal), signal);
  }

  /**
   * All the statements or none, durable when it resolves; shares its fsync with whoever commits at the same time.
   * Rejects with `aborted` only when nothing was written.
   */
  commit(
    statements: readonly Statement[],
    { signal }: CallOptions = {},
  ): Promise<readonly StatementResult[]> {
    return this.#calls.run(() => this.#shared.commit(statements, signal));
  }

  /** A transaction of the caller's own. While it is open nobody else writes: do no other writes of this file inside. */
  begin({ signal }: CallOptions = {}): Promise<SqliteTransaction> {
    // Not raced: a transaction that begins after the caller left would never end.
    return this.#calls.run(async () => {
      const tx = await this.#shared.begin(signal);
      const over = this.#calls.hold();
      const finish = async (how: 'commit' | 'rollback'): Promise<void> => {
        try {
          await tx[how]();
        } finally {
          over();
        }
      };
      return { run: tx.run, commit: () => finish('commit'), rollback: () => finish('rollback') };
    });
  }

  /** Runs `work` in a transaction: committed when it resolves, undone when it rejects. */
  async transaction<T>(work: (tx: SqliteTransaction) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const tx = await this.begin(options);
    let result: T;
    try {
      result = await work(tx);
      throwIfAborted(options.signal);
    } catch (error) {
      await tx.rollback().catch(() => undefined);
      throw error;
    }
    await tx.commit();
    return result;
  }

  /** Pages of a read of any size. Stop early as you like; do not leave it hanging. */
  async *stream(
    statement: Statement,
    options: CallOptions & { readonly count?: number } = {},
  ): AsyncGenerator<Rows> {
    const pages = this.#shared.stream(statement, options.count ?? FETCH, options.signal);
    try {
      for (;;) {
        const next = await this.#calls.run(() => pages.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await pages.return(undefined);
    }
  }

  /** Rejects unless the file can be written now and is still the file of that name. */
  health({ signal }: CallOptions = {}): Promise<void> {
    return this.#calls.run(() => this.#shared.ask({ kind: 'health' }, signal), signal);
  }

  /** Gives pages that removals left free back to the file system, some at a time. */
  shrink({ signal }: CallOptions = {}): Promise<void> {
    return this.#calls.run(() => this.#shared.ask({ kind: 'shrink', pages: SHRINK_PAGES }, signal), signal);
  }

  /** Waits for calls in hand. The threads end when the last one who opened the file closes it. */
  close(): Promise<void> {
    return this.#calls.close(() => this.#leave());
  }

  async #leave(): Promise<void> {
    const shared = this.#shared;
    shared.users -= 1;
    if (shared.users > 0) return;
    open.delete(shared.path);
    const done = shared.close();
    closing.set(
      shared.path,
      done.catch(() => undefined).finally(() => closing.delete(shared.path)),
    );
    await done;
  }
}
