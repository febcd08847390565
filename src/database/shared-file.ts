/** The two threads of a file in this process, and the order in which its users get to write. */
import { raceSignal, throwIfAborted } from '../lib/abort.ts';
import { DatabaseError } from './errors.ts';
import { FairLock } from './fair-lock.ts';
import { GroupCommit } from './group-commit.ts';
import type { Rows, Statement, StatementResult } from './sqlite-protocol.ts';
import { SqliteThread } from './sqlite-thread.ts';

/** A write transaction that spans several statements. Ended by whoever got it, with one of the two. */
export interface SqliteTransaction {
  run(statement: Statement): Promise<StatementResult>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** What everybody who opened one file shares. */
export class SharedFile {
  readonly path: string;
  readonly #lock = new FairLock();
  readonly #group: GroupCommit;
  #writer: SqliteThread | undefined;
  #reader: SqliteThread | undefined;
  #cursors = 0;
  users = 0;

  constructor(path: string) {
    this.path = path;
    this.#group = new GroupCommit(path, this.#lock, () => this.writer());
  }

  /** A thread that died is replaced; what it had in hand was rejected. */
  writer(): SqliteThread {
    if (!this.#writer?.alive) this.#writer = new SqliteThread({ path: this.path, role: 'writer' });
    return this.#writer;
  }

  reader(): SqliteThread {
    if (!this.#reader?.alive) this.#reader = new SqliteThread({ path: this.path, role: 'reader' });
    return this.#reader;
  }

  commit(statements: readonly Statement[], signal?: AbortSignal): Promise<readonly StatementResult[]> {
    return this.#group.commit(statements, signal);
  }

  async write(statement: Statement, signal?: AbortSignal): Promise<StatementResult> {
    const release = await this.#lock.acquire(signal);
    try {
      return await this.writer().ask({ kind: 'run', statement });
    } finally {
      release();
    }
  }

  async ask(request: { kind: 'health' } | { kind: 'shrink'; pages: number }, signal?: AbortSignal) {
    const release = await this.#lock.acquire(signal);
    try {
      await this.writer().ask(request);
    } finally {
      release();
    }
  }

  async begin(signal?: AbortSignal): Promise<SqliteTransaction> {
    const release = await this.#lock.acquire(signal);
    const thread = this.writer();
    let open = true;
    const end = async (kind: 'commit' | 'rollback'): Promise<void> => {
      if (!open) throw new DatabaseError('invalid', `${this.path}: the transaction has ended`);
      open = false;
      try {
        await thread.ask({ kind });
      } catch (error) {
        // A commit that failed (a full disk) leaves the transaction open; the next one must not join it.
        if (kind === 'commit') await thread.ask({ kind: 'rollback' }).catch(() => undefined);
        throw error;
      } finally {
        release();
      }
    };
    try {
      await thread.ask({ kind: 'begin' });
    } catch (error) {
      release();
      throw error;
    }
    return {
      run: (statement) => thread.ask({ kind: 'run', statement }),
      commit: () => end('commit'),
      rollback: () => end('rollback'),
    };
  }

  async *stream(statement: Statement, count: number, signal?: AbortSignal): AsyncGenerator<Rows> {
    throwIfAborted(signal);
    const thread = this.reader();
    const cursor = this.#cursors;
    this.#cursors += 1;
    await thread.ask({ kind: 'cursor', cursor, statement });
    try {
      for (;;) {
        const page = await raceSignal(thread.ask({ kind: 'fetch', cursor, count }), signal);
        if (page.rows.length > 0) yield page;
        if (page.done) return;
      }
    } finally {
      // An open cursor keeps the log from being written back. A thread that ends meanwhile has closed it.
      if (thread.alive) await thread.ask({ kind: 'end', cursor }).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const threads = [this.#reader, this.#writer].filter((t) => t !== undefined);
    this.#reader = undefined;
    this.#writer = undefined;
    // The writer last: the last connection to go writes the log back into the file.
    for (const thread of threads) await thread.close();
  }
}
