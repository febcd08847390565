/** A `Database` on an SQLite file. */
import { Kysely } from 'kysely';
import type { CallOptions } from '../model/report.ts';
import type { Database } from './contract.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Closing the database closes the file. */
export function sqliteDatabase(file: SqliteFile): Database {
  const kysely = new Kysely<unknown>({ dialect: sqliteDialect(file) });
  return {
    engine: 'sqlite',
    label: `sqlite:${file.path}`,
    tables: <Tables>() => kysely as unknown as Kysely<Tables>,
    withConnection: <Tables, T>(work: (db: Kysely<Tables>) => Promise<T>, { signal }: CallOptions = {}) =>
      kysely.connection().execute((db) => work(db as unknown as Kysely<Tables>), signal ? { signal } : {}),
    health: (options) => file.health(options),
    close: () => file.close(),
  };
}
