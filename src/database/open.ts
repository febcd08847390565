/** From a URL to a database. */
import { fileURLToPath } from 'node:url';
import type { Log } from '../lib/log.ts';
import type { Database } from './contract.ts';
import { DatabaseError } from './errors.ts';
import { sqliteDatabase } from './sqlite-database.ts';
import { SqliteFile } from './sqlite-file.ts';

/** Without user and password, for logs and errors. */
function labelOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : 'DATABASE_URL';
}

/** `sqlite:PATH`, `sqlite://PATH` and `file:` URLs; relative paths start at the working directory. */
function pathOf(url: string): string | undefined {
  if (url.startsWith('file:')) return fileURLToPath(url);
  if (!url.startsWith('sqlite:')) return undefined;
  const path = url.slice('sqlite:'.length);
  return path.startsWith('//') ? path.slice(2) : path;
}

/**
 * Opens (and for SQLite creates) the database. Rejects with a `DatabaseError`: `invalid` for a URL it cannot read,
 * `unsupported` for an engine that is not there. Whoever opened it closes it. Call `migrate` next.
 */
export async function openDatabase(url: string, options: { readonly log: Log }): Promise<Database> {
  if (/^postgres(?:ql)?:/.test(url)) {
    throw new DatabaseError(
      'unsupported',
      `${labelOf(url)}: PostgreSQL comes with the Postgres engine, which this version does not have; ` +
        'set DATABASE_URL=sqlite:PATH',
    );
  }
  const path = pathOf(url);
  if (path === undefined) {
    throw new DatabaseError('invalid', `${labelOf(url)} is no database URL: write sqlite:./data/auxilio.db`);
  }
  if (path === '' || path === ':memory:') {
    throw new DatabaseError('invalid', `sqlite:${path} names no file: write sqlite:./data/auxilio.db`);
  }
  const database = sqliteDatabase(await SqliteFile.open(path));
  options.log.debug({ database: database.label }, 'database opened');
  return database;
}
