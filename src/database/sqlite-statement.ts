/** A prepared statement whose rows come as arrays, on every Node that has SQLite. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SqlValue } from './sqlite-protocol.ts';

export interface SqliteRows extends IterableIterator<SqlValue[]> {
  /** Known from the first row on. */
  readonly columns: readonly string[];
}

/** What Node 22.13 does not have yet. */
type Since22_16 = Partial<Pick<StatementSync, 'setReturnArrays' | 'columns'>>;

// Node 22.13 to 22.15 neither name a statement's columns nor give rows but as objects. Their keys are in the order of the
// columns, and no query of ours has two columns of one name. Seen on 22.13.0: "setReturnArrays is not a function".
const RETURNS_ROWS = /^\s*(select|with|values|pragma|explain)\b|\breturning\b/i;

export class SqliteStatement {
  readonly #statement: StatementSync;
  readonly #columns: readonly string[] | undefined;
  readonly returnsRows: boolean;

  /** `isOld`: as if Node had no rows as arrays; for tests. */
  constructor(db: DatabaseSync, sql: string, isOld = false) {
    this.#statement = db.prepare(sql);
    const { setReturnArrays, columns }: Since22_16 = isOld ? {} : this.#statement;
    setReturnArrays?.call(this.#statement, true);
    this.#columns = columns?.call(this.#statement).map(({ name }) => name);
    this.returnsRows = this.#columns ? this.#columns.length > 0 : RETURNS_ROWS.test(sql);
  }

  run(parameters: readonly SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number } {
    const { changes, lastInsertRowid } = this.#statement.run(...parameters);
    return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
  }

  iterate(parameters: readonly SqlValue[]): SqliteRows {
    const rows = this.#statement.iterate(...parameters);
    if (this.#columns) {
      return Object.assign(rows as unknown as IterableIterator<SqlValue[]>, { columns: this.#columns });
    }
    return new ObjectRows(rows as IterableIterator<Record<string, SqlValue>>);
  }
}

class ObjectRows implements SqliteRows {
  readonly #rows: IterableIterator<Record<string, SqlValue>>;
  columns: readonly string[] = [];

  constructor(rows: IterableIterator<Record<string, SqlValue>>) {
    this.#rows = rows;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<SqlValue[]> {
    const { done, value } = this.#rows.next();
    if (done) return { done: true, value: undefined };
    if (this.columns.length === 0) this.columns = Object.keys(value);
    return { done: false, value: Object.values(value) };
  }

  return(): IteratorResult<SqlValue[]> {
    this.#rows.return?.();
    return { done: true, value: undefined };
  }
}
