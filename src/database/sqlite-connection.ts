/** One connection, in the SQLite thread: does what the protocol asks for, one request after the other. */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { Failure, failureOf } from './sqlite-failures.ts';
import { BUSY_MS, openConnection } from './sqlite-open.ts';
import type {
  Answers,
  Request,
  Rows,
  SqlValue,
  Statement,
  StatementResult,
  UnitResult,
  WorkerOptions,
} from './sqlite-protocol.ts';
import { type SqliteRows, SqliteStatement } from './sqlite-statement.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** Prepared statements kept; a store uses some dozens. */
const CACHED_STATEMENTS = 256;

export class SqliteConnection {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #inode: number;
  readonly #log: WriteAheadLog | undefined;
  readonly #prepared = new Map<string, SqliteStatement>();
  readonly #cursors = new Map<number, SqliteRows>();

  constructor(options: WorkerOptions) {
    this.#path = options.path;
    this.#db = openConnection(options);
    this.#inode = statSync(options.path).ino;
    if (options.role === 'writer') this.#log = new WriteAheadLog(this.#db, options.path, BUSY_MS);
  }

  handle(request: Request): Answers[keyof Answers] {
    switch (request.kind) {
      case 'run':
        return this.#run(request.statement, request.maxBytes);
      case 'blob':
        return this.#blob(request.statement, request.into);
      case 'begin':
        this.#stillThere();
        return this.#exec('BEGIN IMMEDIATE');
      case 'commit':
        this.#exec('commit');
        this.#log?.tend();
        return null;
      case 'rollback':
        return this.#exec('rollback');
      case 'group':
        return this.#group(request.units);
      case 'cursor':
        return this.#openCursor(request.cursor, request.statement);
      case 'fetch':
        return this.#fetch(request.cursor, request.count);
      case 'end':
        this.#cursors.get(request.cursor)?.return?.();
        this.#cursors.delete(request.cursor);
        return null;
      case 'shrink':
        return this.#exec(`PRAGMA incremental_vacuum(${Math.trunc(request.pages)})`);
      case 'health':
        return this.#health();
      case 'close':
        return this.#close();
    }
  }

  #exec(sql: string): null {
    this.#db.exec(sql);
    return null;
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#prepared.get(sql);
    if (known) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = new SqliteStatement(this.#db, sql);
    this.#prepared.set(sql, statement);
    const oldest = this.#prepared.keys().next();
    if (this.#prepared.size > CACHED_STATEMENTS && !oldest.done) this.#prepared.delete(oldest.value);
    return statement;
  }

  #run(statement: Statement, maxBytes = Number.POSITIVE_INFINITY): StatementResult {
    const prepared = this.#prepare(statement.sql);
    const parameters = statement.parameters ?? [];
    if (!prepared.returnsRows) return { columns: [], rows: [], more: false, ...prepared.run(parameters) };
    const rows = prepared.iterate(parameters);
    const page = atMost(rows, maxBytes);
    return { columns: rows.columns, ...page, changes: 0, lastInsertRowid: 0 };
  }

  #blob(statement: Statement, into: Uint8Array): number | null {
    const bytes = this.#run(statement).rows[0]?.[0];
    if (bytes === undefined) return null;
    if (!(bytes instanceof Uint8Array) || bytes.length > into.length) {
      throw new Failure('invalid', 'the value is no blob of the length that was expected');
    }
    const { length } = bytes;
    into.set(bytes);
    // Freed now rather than by a collector that sees little use of its own heap.
    if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
    return length;
  }

  #group(units: readonly (readonly Statement[])[]): readonly UnitResult[] {
    this.#stillThere();
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const results = units.map((unit) => this.#unit(unit));
      this.#db.exec('COMMIT');
      this.#log?.tend();
      return results;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  /** Throws only when the whole transaction is lost, which SQLite does by itself on a full disk, for one. */
  #unit(statements: readonly Statement[]): UnitResult {
    this.#db.exec('SAVEPOINT unit');
    try {
      const results = statements.map((statement) => this.#run(statement));
      this.#db.exec('RELEASE unit');
      return { results };
    } catch (error) {
      try {
        this.#db.exec('ROLLBACK TO unit');
        this.#db.exec('RELEASE unit');
      } catch {
        throw error;
      }
      return { failure: failureOf(error, this.#path) };
    }
  }

  #undo(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back already; the error that made it do so is reported.
    }
  }

  #openCursor(cursor: number, { sql, parameters = [] }: Statement): null {
    // A statement of its own: a cached one would be reset by the next caller.
    this.#cursors.set(cursor, new SqliteStatement(this.#db, sql).iterate(parameters));
    return null;
  }

  #fetch(cursor: number, count: number): Answers['fetch'] {
    const rows = this.#cursors.get(cursor);
    if (!rows) throw new Failure('invalid', 'the cursor is closed');
    const page: SqlValue[][] = [];
    while (page.length < count) {
      const next = rows.next();
      if (next.done) {
        this.#cursors.delete(cursor);
        return { columns: rows.columns, rows: page, more: false, done: true };
      }
      page.push(next.value);
    }
    return { columns: rows.columns, rows: page, more: true, done: false };
  }

  /** A file that was moved or removed while open would take writes that nobody finds again. */
  #stillThere(): void {
    let inode: number | undefined;
    try {
      inode = statSync(this.#path).ino;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    if (inode !== this.#inode) {
      throw new Failure('unavailable', 'the file was moved or removed while in use: put it back or restart');
    }
  }

  #health(): null {
    this.#stillThere();
    this.#db.exec('BEGIN IMMEDIATE');
    this.#db.exec('ROLLBACK');
    return null;
  }

  #close(): null {
    for (const cursor of this.#cursors.values()) cursor.return?.();
    this.#cursors.clear();
    this.#prepared.clear();
    this.#db.close();
    return null;
  }
}

function sizeOf(row: readonly SqlValue[]): number {
  let bytes = 0;
  for (const value of row) {
    bytes += typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.length : 8;
  }
  return bytes;
}

/** At least one row, and no more than `maxBytes` of the others. */
function atMost(rows: IterableIterator<SqlValue[]>, maxBytes: number): Pick<Rows, 'rows' | 'more'> {
  const page: SqlValue[][] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += sizeOf(row);
    if (bytes > maxBytes && page.length > 0) return { rows: page, more: true };
    page.push(row);
  }
  return { rows: page, more: false };
}
