import { migrate } from '../../../database/migrate.ts';
import { defineCommand } from '../../command.ts';
import { MIGRATIONS } from '../../services/database.ts';
import { withDatabase } from './with-database.ts';

export default defineCommand({
  name: 'migrate',
  summary: 'Bring the tables up to date; services do the same when they start. Again, it does nothing',
  examples: ['auxilio db migrate'],
  run: (context) =>
    withDatabase(context, async (database) => {
      const ran = await migrate(database, MIGRATIONS, { signal: context.signal });
      for (const name of ran) context.print(`ran ${name}`);
      if (ran.length === 0) context.print(`${database.label} is up to date`);
      return 0;
    }),
});
