/** Kysely on an `SqliteFile`: SQLite's own SQL, our driver. */
import {
  CompiledQuery as Compiled,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryCompiler,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { DatabaseError } from './errors.ts';
import type { SqliteTransaction } from './shared-file.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Rows, SqlValue, Statement, StatementResult } from './sqlite-protocol.ts';

/** Transactions go through Kysely; one begun by a plain statement would be shared by everybody. */
const TRANSACTION_CONTROL = /^\s*(?:begin|commit|end|rollback|savepoint|release)\b/i;

function bindable(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  throw new DatabaseError('invalid', `SQLite takes no ${typeof value} as a value`);
}

const statementOf = ({ sql, parameters }: CompiledQuery): Statement => ({
  sql,
  parameters: parameters.map(bindable),
});

const objectsOf = <R>({ columns, rows }: Rows): R[] =>
  rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])) as R);

const resultOf = <R>(result: StatementResult): QueryResult<R> =>
  result.columns.length > 0
    ? { rows: objectsOf<R>(result) }
    : { rows: [], numAffectedRows: BigInt(result.changes), insertId: BigInt(result.lastInsertRowid) };

/**
 * What Kysely takes for a connection. Outside a transaction a SELECT goes to the reading thread and everything else
 * to the writing one; a transaction has the writing thread for itself until it ends.
 */
class KyselyConnection implements DatabaseConnection {
  readonly #file: SqliteFile;
  #transaction: SqliteTransaction | undefined;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#transaction) return resultOf<R>(await this.#transaction.run(statementOf(query)));
    if (TRANSACTION_CONTROL.test(query.sql)) {
      throw new DatabaseError('unsupported', 'begin a transaction with Kysely, not with a statement');
    }
    const statement = statementOf(query);
    const isRead = SelectQueryNode.is(query.query);
    return resultOf<R>(await (isRead ? this.#file.query(statement) : this.#file.write(statement)));
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    if (!SelectQueryNode.is(query.query))
      throw new DatabaseError('unsupported', 'only a SELECT can be streamed');
    if (this.#transaction) {
      yield resultOf<R>(await this.#transaction.run(statementOf(query)));
      return;
    }
    for await (const page of this.#file.stream(statementOf(query), { count: chunkSize })) {
      yield { rows: objectsOf<R>(page) };
    }
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#file.begin();
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction;
    if (!transaction) throw new DatabaseError('internal', 'no transaction is open');
    this.#transaction = undefined;
    await transaction[how]();
  }

  /** A transaction that nobody ended must not keep the file. */
  async reset(): Promise<void> {
    if (this.#transaction) await this.end('rollback');
  }
}

class SqliteFileDriver implements Driver {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<KyselyConnection> {
    return new KyselyConnection(this.#file);
  }

  beginTransaction(connection: KyselyConnection): Promise<void> {
    return connection.begin();
  }

  commitTransaction(connection: KyselyConnection): Promise<void> {
    return connection.end('commit');
  }

  /** Nothing to undo when the commit failed: that ended the transaction. */
  rollbackTransaction(connection: KyselyConnection): Promise<void> {
    return connection.reset();
  }

  savepoint(connection: KyselyConnection, name: string): Promise<void> {
    return this.#control(connection, 'savepoint', name);
  }

  rollbackToSavepoint(connection: KyselyConnection, name: string): Promise<void> {
    return this.#control(connection, 'rollback to', name);
  }

  releaseSavepoint(connection: KyselyConnection, name: string): Promise<void> {
    return this.#control(connection, 'release', name);
  }

  releaseConnection(connection: KyselyConnection): Promise<void> {
    return connection.reset();
  }

  /** The file belongs to whoever opened it. */
  async destroy(): Promise<void> {}

  async #control(connection: KyselyConnection, command: string, name: string): Promise<void> {
    await connection.executeQuery(Compiled.raw(`${command} "${name.replaceAll('"', '""')}"`));
  }
}

class SqliteFileAdapter extends SqliteAdapter {
  /** Our connections are told apart by the transaction they hold, so Kysely need not queue them. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

export const sqliteDialect = (file: SqliteFile): Dialect => ({
  createAdapter: () => new SqliteFileAdapter(),
  createDriver: () => new SqliteFileDriver(file),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
});
