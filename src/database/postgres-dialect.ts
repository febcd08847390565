/** Kysely on PostgreSQL: its SQL, our connections, our errors. */
import {
  AbortedTransactionError,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SelectQueryNode,
  type TransactionSettings,
} from 'kysely';
import { DatabaseError } from './errors.ts';
import type { CheckedOut } from './postgres-pool.ts';
import type { Answer, PostgresSession } from './postgres-session.ts';

/** Transactions go through Kysely; one begun by a plain statement would go back into the pool open. */
const TRANSACTION_CONTROL = /^\s*(?:begin|start\s+transaction|commit|end|rollback|savepoint|release)\b/i;
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

const resultOf = <R>({ rows, count, command }: Answer<object>): QueryResult<R> =>
  WRITES.has(command) ? { rows: rows as R[], numAffectedRows: BigInt(count) } : { rows: rows as R[] };

/** A `Date` as SQLite keeps it: ISO text, not the local time that `pg` writes. */
const bindable = (value: unknown): unknown => {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  throw new DatabaseError('invalid', 'an object is no value: write its JSON');
};

class KyselyConnection implements DatabaseConnection {
  readonly session: PostgresSession;
  readonly release: () => void;
  #inTransaction = false;
  #cursors = 0;

  constructor(session: PostgresSession, release: () => void) {
    this.session = session;
    this.release = release;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (TRANSACTION_CONTROL.test(query.sql))
      throw new DatabaseError('unsupported', 'begin a transaction with Kysely, not with a statement');
    return resultOf<R>(await this.session.query(query.sql, query.parameters.map(bindable)));
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    if (!SelectQueryNode.is(query.query))
      throw new DatabaseError('unsupported', 'only a SELECT can be streamed');
    // A cursor lives in a transaction.
    const own = !this.#inTransaction;
    if (own) await this.begin({});
    this.#cursors += 1;
    const name = `kysely_${this.#cursors}`;
    try {
      await this.session.query(
        `declare ${name} no scroll cursor for ${query.sql}`,
        query.parameters.map(bindable),
      );
      for (;;) {
        const page = await this.session.query(`fetch ${Math.max(1, chunkSize)} from ${name}`);
        if (page.rows.length === 0) break;
        yield resultOf<R>(page);
      }
      if (!own) await this.session.query(`close ${name}`);
    } finally {
      if (own) await this.rollback();
    }
  }

  async begin({ isolationLevel, accessMode }: TransactionSettings): Promise<void> {
    const level = isolationLevel ? ` isolation level ${isolationLevel}` : '';
    await this.session.query(`start transaction${level}${accessMode ? ` ${accessMode}` : ''}`);
    this.#inTransaction = true;
  }

  async commit(): Promise<void> {
    this.#inTransaction = false;
    // The server says ROLLBACK when a statement had failed and somebody swallowed it.
    if ((await this.session.control('commit')) === 'ROLLBACK') throw new AbortedTransactionError();
  }

  async rollback(): Promise<void> {
    if (!this.#inTransaction) return;
    this.#inTransaction = false;
    await this.session.rollback();
  }

  control(text: string): Promise<string> {
    return this.session.control(text);
  }
}

/** Where connections come from. */
export interface ConnectionSource {
  checkOut(): Promise<CheckedOut>;
}

class PoolDriver implements Driver {
  readonly #pool: ConnectionSource;

  constructor(pool: ConnectionSource) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<KyselyConnection> {
    const { session, release } = await this.#pool.checkOut();
    return new KyselyConnection(session, release);
  }

  beginTransaction(connection: KyselyConnection, settings: TransactionSettings): Promise<void> {
    return connection.begin(settings);
  }

  commitTransaction(connection: KyselyConnection): Promise<void> {
    return connection.commit();
  }

  /** Nothing to undo when the commit failed: that ended the transaction. */
  rollbackTransaction(connection: KyselyConnection): Promise<void> {
    return connection.rollback();
  }

  async savepoint(connection: KyselyConnection, name: string): Promise<void> {
    await connection.control(`savepoint ${quoted(name)}`);
  }

  async rollbackToSavepoint(connection: KyselyConnection, name: string): Promise<void> {
    await connection.control(`rollback to ${quoted(name)}`);
  }

  async releaseSavepoint(connection: KyselyConnection, name: string): Promise<void> {
    await connection.control(`release ${quoted(name)}`);
  }

  /** A transaction that nobody ended must not go back into the pool. */
  async releaseConnection(connection: KyselyConnection): Promise<void> {
    await connection.rollback();
    connection.release();
  }

  /** The pool belongs to whoever opened it. */
  async destroy(): Promise<void> {}
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const postgresDialect = (pool: ConnectionSource): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new PoolDriver(pool),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});
