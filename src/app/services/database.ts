import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OUTCOME_MIGRATIONS } from '../../collector/outcomes/migrations.ts';
import { crontabberMigrations } from '../../crontabber/migrations.ts';
import { JOB_DATA_MIGRATIONS } from '../../crontabber/tables/migrations.ts';
import type { Database } from '../../database/contract.ts';
import { migrate } from '../../database/migrate.ts';
import { openDatabase, sqlitePathOf } from '../../database/open.ts';
import type { Log } from '../../lib/log.ts';
import type { Opening } from '../app.ts';
import type { Configuration } from '../config/configuration.ts';

/** Every room's migrations, in the order in which they run. */
export const MIGRATIONS = [...OUTCOME_MIGRATIONS, ...crontabberMigrations, ...JOB_DATA_MIGRATIONS];

/** As it is, be it empty. The caller closes it. */
export function openUnmigrated(configuration: Configuration, log: Log): Promise<Database> {
  const { url: _, ...postgres } = configuration.settings.database;
  return openDatabase(urlOf(configuration), { log, postgres });
}

const urlOf = ({ settings, dataDir }: Configuration): string =>
  settings.database.url || `sqlite:${join(dataDir, 'auxilio.db')}`;

/** Whether opening it would make a file. */
export function isMissing(configuration: Configuration): boolean {
  const path = sqlitePathOf(urlOf(configuration));
  return path !== undefined && !existsSync(path);
}

export async function open({ configuration, log, onClose }: Opening): Promise<Database> {
  const database = await openUnmigrated(configuration, log);
  try {
    await migrate(database, MIGRATIONS);
  } catch (error) {
    // Whoever waits for it opens it anew every few seconds.
    await database.close();
    throw error;
  }
  onClose('database', () => database.close());
  return database;
}
