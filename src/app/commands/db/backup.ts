import { Generations } from '../../../crontabber/backup/generations.ts';
import { systemClock } from '../../../lib/clock.ts';
import { byteText } from '../../byte-text.ts';
import { CommandError, defineCommand } from '../../command.ts';
import { backupFolder, databaseCopier } from '../../database-copier.ts';
import { withDatabase } from './with-database.ts';

export default defineCommand({
  name: 'backup',
  summary:
    'Copy the database now, beside the copies of the job backup-database; services may go on. Nothing is removed',
  examples: ['auxilio db backup'],
  run: (context) =>
    withDatabase(context, async (database, configuration) => {
      const copier = await databaseCopier(configuration, database);
      const reason = await copier.cannot();
      if (reason !== undefined) throw new CommandError(`${copier.label} cannot be copied: ${reason}`);
      const generations = new Generations(backupFolder(configuration), copier);
      const { path, bytes } = await generations.make(systemClock.now(), { signal: context.signal });
      context.print(`${path} ${byteText(bytes)}`);
      return 0;
    }),
});
