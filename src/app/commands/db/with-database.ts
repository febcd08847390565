/** Commands that work on the database itself open it as it is, and nothing else. */
import type { Database } from '../../../database/contract.ts';
import { createLog } from '../../../lib/log.ts';
import type { CommandContext } from '../../command.ts';
import type { Configuration } from '../../config/configuration.ts';
import { openUnmigrated } from '../../services/database.ts';

export async function withDatabase<T>(
  context: CommandContext,
  work: (database: Database, configuration: Configuration) => Promise<T>,
): Promise<T> {
  const configuration = await context.configuration();
  const database = await openUnmigrated(configuration, createLog(configuration.settings.app.log_level));
  try {
    return await work(database, configuration);
  } finally {
    await database.close();
  }
}
