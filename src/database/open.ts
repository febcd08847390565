/** From a URL to a database. */
import { fileURLToPath } from 'node:url';
import type { Log } from '../lib/log.ts';
import type { Database } from './contract.ts';
import { DatabaseSettingError } from './errors.ts';
import {
  labelWith,
  POSTGRES_DEFAULTS,
  type PostgresSettings,
  type SettingLabel,
} from './postgres-settings.ts';
import { isPostgresUrl } from './postgres-url.ts';
import { sqliteDatabase } from './sqlite-database.ts';
import { SqliteFile } from './sqlite-file.ts';

/** Without user and password, for logs and errors. */
function labelOf(url: string, label: SettingLabel): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : label('url');
}

/** `sqlite:PATH`, `sqlite://PATH` and `file:` URLs; relative paths start at the working directory. */
export function sqlitePathOf(url: string): string | undefined {
  if (url.startsWith('file:')) return fileURLToPath(url);
  if (!url.startsWith('sqlite:')) return undefined;
  const path = url.slice('sqlite:'.length);
  return path.startsWith('//') ? path.slice(2) : path;
}

export interface OpenDatabaseOptions {
  readonly log: Log;
  /** Pool, time-outs and TLS of PostgreSQL; default: those of the settings. */
  readonly postgres?: PostgresSettings;
  /** How messages name a setting; default: `DATABASE_URL`, `DATABASE_TLS`. */
  readonly label?: SettingLabel;
}

/**
 * Opens (and for SQLite creates) the database. Rejects with a `DatabaseSettingError` for a URL it cannot read,
 * with `unavailable` also when there is no such database. Whoever opened it closes it. Call `migrate` next.
 */
export async function openDatabase(url: string, options: OpenDatabaseOptions): Promise<Database> {
  const { log, postgres = POSTGRES_DEFAULTS, label = labelWith('DATABASE') } = options;
  const database = isPostgresUrl(url)
    ? await (await import('./postgres-database.ts')).openPostgres({ url, settings: postgres, label, log })
    : await openSqlite(url, label);
  log.debug({ database: database.label }, 'database opened');
  return database;
}

async function openSqlite(url: string, label: SettingLabel): Promise<Database> {
  const path = sqlitePathOf(url);
  if (path === undefined) {
    throw new DatabaseSettingError(
      `${labelOf(url, label)} is no database URL: write sqlite:./data/auxilio.db or postgres://USER:PASSWORD@HOST/NAME`,
    );
  }
  if (path === '' || path === ':memory:') {
    throw new DatabaseSettingError(`sqlite:${path} names no file: write sqlite:./data/auxilio.db`);
  }
  return sqliteDatabase(await SqliteFile.open(path));
}
