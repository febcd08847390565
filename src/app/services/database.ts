import { join } from 'node:path';
import { OUTCOME_MIGRATIONS } from '../../collector/outcomes/migrations.ts';
import { crontabberMigrations } from '../../crontabber/job-store.ts';
import { JOB_DATA_MIGRATIONS } from '../../crontabber/tables/migrations.ts';
import type { Database } from '../../database/contract.ts';
import { migrate } from '../../database/migrate.ts';
import { openDatabase } from '../../database/open.ts';
import type { Log } from '../../lib/log.ts';
import type { Opening } from '../app.ts';
import type { Configuration } from '../config/configuration.ts';

/** Every room's migrations, in the order in which they run. */
export const MIGRATIONS = [...OUTCOME_MIGRATIONS, ...crontabberMigrations, ...JOB_DATA_MIGRATIONS];

/** As it is, be it empty. The caller closes it. */
export function openUnmigrated({ settings, dataDir }: Configuration, log: Log): Promise<Database> {
  const { url: given, ...postgres } = settings.database;
  const url = given || `sqlite:${join(dataDir, 'auxilio.db')}`;
  return openDatabase(url, { log, postgres });
}

export async function open({ configuration, log, onClose }: Opening): Promise<Database> {
  const database = await openUnmigrated(configuration, log);
  onClose('database', () => database.close());
  await migrate(database, MIGRATIONS);
  return database;
}
