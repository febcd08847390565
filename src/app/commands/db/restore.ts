import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Generations } from '../../../crontabber/backup/generations.ts';
import { migrate } from '../../../database/migrate.ts';
import { systemClock } from '../../../lib/clock.ts';
import { CommandError, defineCommand, UsageError } from '../../command.ts';
import { backupFolder, databaseCopier } from '../../database-copier.ts';
import { MIGRATIONS } from '../../services/database.ts';
import { withDatabase } from './with-database.ts';

export default defineCommand({
  name: 'restore',
  summary:
    'Replace what is in the database by a copy, the newest unless a file is named; what is there now is copied first',
  args: '[file]',
  options: [
    { flags: '--list', doc: 'only list the copies' },
    { flags: '--yes', doc: 'do it' },
  ],
  examples: [
    'auxilio db restore --list',
    'auxilio db restore --yes',
    'auxilio db restore --yes data/backups/auxilio-2026-11-21T01-30-00Z.db',
  ],
  run: (context) =>
    withDatabase(context, async (database, configuration) => {
      const { signal } = context;
      const copier = await databaseCopier(configuration, database);
      const generations = new Generations(backupFolder(configuration), copier);
      const copies = await generations.list();
      if (context.options['list']) {
        for (const { path, madeAt, bytes } of copies) context.print(`${madeAt} ${bytes} ${path}`);
        return 0;
      }
      const [given] = context.args;
      const path = given === undefined ? copies[0]?.path : resolve(configuration.cwd, given);
      if (path === undefined)
        throw new CommandError(`${backupFolder(configuration)} has no copy; make one: auxilio db backup`);
      await stat(path).catch((cause: NodeJS.ErrnoException) => {
        throw new CommandError(`${path} cannot be read (${cause.code})`, { cause });
      });
      if (!context.options['yes'])
        throw new UsageError(`everything in ${copier.label} would be replaced by ${path}: give --yes`);
      const reason = await copier.cannot();
      if (reason !== undefined) throw new CommandError(`${copier.label} cannot be restored: ${reason}`);
      await copier.verify(path, { signal });
      const before = await generations.make(systemClock.now(), { signal });
      context.print(`what was there until now is in ${before.path}`);
      await copier.restoreFrom(path, { signal });
      // A copy may be of an older version.
      for (const name of await migrate(database, MIGRATIONS, { signal })) context.print(`ran ${name}`);
      context.print(`restored ${path}`);
      return 0;
    }),
});
