/** The tables of what the crontabber remembers of jobs and of their runs. Times are ISO text, UTC. */
import { type Kysely, sql } from 'kysely';
import { createLeaseTable } from '../database/lease.ts';
import type { Migration } from '../database/migrate.ts';

export const LEASES = 'crontabber_lease';

async function createState(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('crontabber_state')
    .addColumn('app_name', 'text', (c) => c.primaryKey())
    .addColumn('known_since', 'text', (c) => c.notNull())
    .addColumn('first_run', 'text')
    .addColumn('last_run', 'text')
    .addColumn('last_success', 'text')
    .addColumn('next_run', 'text')
    .addColumn('done_until', 'text')
    .addColumn('error_count', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('last_failure', 'text')
    .addColumn('last_error', 'text')
    .addColumn('depends_on', 'text', (c) => c.notNull().defaultTo('[]'))
    .addColumn('ongoing', 'text')
    .addColumn('ongoing_host', 'text')
    .addColumn('ongoing_run', 'text')
    .execute();
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('crontabber_run')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('app_name', 'text', (c) => c.notNull())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('period_from', 'text', (c) => c.notNull())
    .addColumn('period_to', 'text', (c) => c.notNull())
    .addColumn('started', 'text', (c) => c.notNull())
    .addColumn('duration_ms', 'integer')
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('exc_type', 'text')
    .addColumn('exc_value', 'text')
    .addColumn('exc_traceback', 'text')
    .execute();
  await db.schema
    .createIndex('crontabber_run_by_job')
    .on('crontabber_run')
    .columns(['app_name', 'started'])
    .execute();
}

export const crontabberMigrations: readonly Migration[] = [
  {
    name: 'crontabber/0001_state',
    async up(db) {
      await createLeaseTable(db, LEASES);
      await db.schema
        .createTable('crontabber_job')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('done_until', 'text')
        .addColumn('failures', 'integer', (c) => c.notNull())
        .addColumn('last_error', 'text')
        .addColumn('last_run', 'text', (c) => c.notNull())
        .execute();
    },
  },
  {
    name: 'crontabber/0002_runs',
    async up(db) {
      await createState(db);
      await createRuns(db);
      // Failures of the first version had no trace to keep: they are tried again at once.
      await sql`insert into crontabber_state (app_name, known_since, first_run, last_run, last_success, done_until)
        select name, last_run, last_run, last_run, case when done_until is null then null else last_run end, done_until
        from crontabber_job`.execute(db);
      await db.schema.dropTable('crontabber_job').execute();
    },
  },
];
