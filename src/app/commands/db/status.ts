import { migrationStates } from '../../../database/migrate.ts';
import { defineCommand } from '../../command.ts';
import { printRows } from '../../rows.ts';
import { MIGRATIONS } from '../../services/database.ts';
import { withDatabase } from './with-database.ts';

export default defineCommand({
  name: 'status',
  summary: 'List the migrations of the database; exit code 1 when one has not run. Changes nothing',
  options: [{ flags: '--format <format>', doc: 'text, json or csv', default: 'text' }],
  examples: ['auxilio db status', 'auxilio db status --format json'],
  run: (context) =>
    withDatabase(context, async (database) => {
      const states = await migrationStates(database, MIGRATIONS, { signal: context.signal });
      const rows = states.map(({ name, appliedAt, isKnown }) => ({
        migration: name,
        state: appliedAt === undefined ? 'pending' : isKnown ? 'applied' : 'of a newer version',
        applied_at: appliedAt ?? null,
      }));
      printRows(context, rows);
      return states.some(({ appliedAt }) => appliedAt === undefined) ? 1 : 0;
    }),
});
