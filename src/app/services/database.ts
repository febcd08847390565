import { join } from 'node:path';
import { OUTCOME_MIGRATIONS } from '../../collector/outcomes/migrations.ts';
import { crontabberMigrations } from '../../crontabber/job-store.ts';
import { JOB_DATA_MIGRATIONS } from '../../crontabber/tables/migrations.ts';
import type { Database } from '../../database/contract.ts';
import { migrate } from '../../database/migrate.ts';
import { openDatabase } from '../../database/open.ts';
import type { Opening } from '../app.ts';

/** Every room's migrations, in the order in which they run. */
const MIGRATIONS = [...OUTCOME_MIGRATIONS, ...crontabberMigrations, ...JOB_DATA_MIGRATIONS];

export async function open({ configuration, log, onClose }: Opening): Promise<Database> {
  const { url: given, ...postgres } = configuration.settings.database;
  const url = given || `sqlite:${join(configuration.dataDir, 'auxilio.db')}`;
  const database = await openDatabase(url, { log, postgres });
  onClose('database', () => database.close());
  await migrate(database, MIGRATIONS);
  return database;
}
