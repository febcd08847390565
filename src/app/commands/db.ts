import { defineCommand } from '../command.ts';
import backup from './db/backup.ts';
import migrate from './db/migrate.ts';
import restore from './db/restore.ts';
import status from './db/status.ts';

export default defineCommand({
  name: 'db',
  summary: 'Prepare the database of DATABASE_URL, look at it, copy it and bring a copy back',
  examples: ['auxilio db migrate', 'auxilio db status', 'auxilio db backup', 'auxilio db restore --yes'],
  subcommands: [migrate, status, backup, restore],
});
