/** A `Database` on an SQLite file. */
import { Kysely } from 'kysely';
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
    health: (options) => file.health(options),
    close: () => file.close(),
  };
}
