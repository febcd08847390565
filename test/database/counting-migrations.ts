/** Migrations that fail or leave a trace when they run twice. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from '../../src/database/migrate.ts';

export const countingMigrations: readonly Migration[] = [
  {
    name: 'test/0001_table',
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('ran')
        .addColumn('name', 'text', (c) => c.notNull())
        .execute();
      await sql`insert into ran values ('first')`.execute(db);
    },
  },
  {
    name: 'test/0002_row',
    async up(db: Kysely<unknown>) {
      await sql`insert into ran values ('second')`.execute(db);
    },
  },
];
