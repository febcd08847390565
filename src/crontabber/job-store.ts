/** What the crontabber remembers of each job, in the database. */
import type { Database } from '../database/contract.ts';
import { createLeaseTable, type Lease, leasesIn } from '../database/lease.ts';
import type { Migration } from '../database/migrate.ts';

const LEASES = 'crontabber_lease';

interface Tables {
  readonly crontabber_job: {
    readonly name: string;
    /** End of the newest period that succeeded, ISO 8601. */
    readonly done_until: string | null;
    readonly failures: number;
    readonly last_error: string | null;
    /** ISO 8601. */
    readonly last_run: string;
  };
}

export interface JobState {
  readonly doneUntil: Date | undefined;
  readonly failures: number;
  readonly lastError: string | undefined;
  readonly lastRun: Date;
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
];

export class JobStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<ReadonlyMap<string, JobState>> {
    const rows = await this.#database.tables<Tables>().selectFrom('crontabber_job').selectAll().execute();
    return new Map(
      rows.map((row) => [
        row.name,
        {
          doneUntil: row.done_until === null ? undefined : new Date(row.done_until),
          failures: row.failures,
          lastError: row.last_error ?? undefined,
          lastRun: new Date(row.last_run),
        },
      ]),
    );
  }

  async save(name: string, state: JobState): Promise<void> {
    const columns = {
      done_until: state.doneUntil?.toISOString() ?? null,
      failures: state.failures,
      last_error: state.lastError ?? null,
      last_run: state.lastRun.toISOString(),
    };
    await this.#database
      .tables<Tables>()
      .insertInto('crontabber_job')
      .values({ name, ...columns })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
      .execute();
  }

  /** Undefined while another process runs the job. */
  claim(name: string, ttlMs: number): Promise<Lease | undefined> {
    return leasesIn(this.#database, LEASES).claim(name, ttlMs);
  }
}
