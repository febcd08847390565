import { type MigrationState, migrationStates } from '../../../database/migrate.ts';
import { type CommandContext, defineCommand } from '../../command.ts';
import { printRows } from '../../rows.ts';
import { isMissing, MIGRATIONS } from '../../services/database.ts';
import { withDatabase } from './with-database.ts';

async function statesOf(context: CommandContext): Promise<readonly MigrationState[]> {
  if (isMissing(await context.configuration()))
    return MIGRATIONS.map(({ name }) => ({ name, appliedAt: undefined, isKnown: true }));
  return withDatabase(context, (database) =>
    migrationStates(database, MIGRATIONS, { signal: context.signal }),
  );
}

export default defineCommand({
  name: 'status',
  summary: 'List the migrations of the database; exit code 1 when one has not run. Changes nothing',
  options: [{ flags: '--format <format>', doc: 'text, json or csv', default: 'text' }],
  examples: ['auxilio db status', 'auxilio db status --format json'],
  async run(context) {
    const states = await statesOf(context);
    const rows = states.map(({ name, appliedAt, isKnown }) => ({
      migration: name,
      state: appliedAt === undefined ? 'pending' : isKnown ? 'applied' : 'of a newer version',
      applied_at: appliedAt ?? null,
    }));
    printRows(context, rows);
    return states.some(({ appliedAt }) => appliedAt === undefined) ? 1 : 0;
  },
});
