/** What copies the configured database, and where the copies lie. */
import { join, resolve } from 'node:path';
import { sql } from 'kysely';
import type { DatabaseCopier } from '../crontabber/backup/copier.ts';
import { PostgresCopier } from '../crontabber/backup/postgres-copier.ts';
import { SqliteCopier } from '../crontabber/backup/sqlite-copier.ts';
import type { Database } from '../database/contract.ts';
import { labelWith } from '../database/postgres-settings.ts';
import { parsePostgresUrl } from '../database/postgres-url.ts';
import type { Configuration } from './config/configuration.ts';
import { toolFolders } from './config/values.ts';

export function backupFolder({ settings, cwd, dataDir }: Configuration): string {
  const { backup_database_folder: folder } = settings.job;
  return folder === '' ? join(dataDir, 'backups') : resolve(cwd, folder);
}

export async function databaseCopier(
  { settings }: Configuration,
  database: Database,
): Promise<DatabaseCopier> {
  if (database.engine === 'sqlite') return new SqliteCopier(database.label.slice('sqlite:'.length));
  const { rows } = await sql<{ readonly schema: string }>`select current_schema() as schema`.execute(
    database.tables<unknown>(),
  );
  return new PostgresCopier({
    address: parsePostgresUrl(settings.database.url, settings.database, labelWith('DATABASE')),
    authority: settings.database.tls_ca,
    schema: rows[0]?.schema ?? 'public',
    tools: toolFolders(),
  });
}
