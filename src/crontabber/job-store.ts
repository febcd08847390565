/** What the crontabber remembers of each job and of its runs, in the database. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/contract.ts';
import { databaseClock, type Lease, leasesIn } from '../database/lease.ts';
import type { JobState, StateChange } from './job-state.ts';
import { LEASES } from './migrations.ts';
import { columnsOf, type RunRow, runOf, type StateRow, stateOf } from './rows.ts';
import type { Run, RunEnd, RunRecord } from './run-record.ts';

interface Tables {
  readonly crontabber_state: StateRow;
  readonly crontabber_run: RunRow;
}

export interface KnownJob {
  readonly name: string;
  readonly after: readonly string[];
}

const endColumns = ({ outcome, durationMs, error }: RunEnd) => ({
  outcome,
  duration_ms: durationMs === undefined ? null : Math.round(durationMs),
  exc_type: error?.type ?? null,
  exc_value: error?.value ?? null,
  exc_traceback: error?.traceback ?? null,
});

const beginColumns = (run: Run) => ({
  id: run.id,
  app_name: run.job,
  host: run.host,
  period_from: run.period.from.toISOString(),
  period_to: run.period.to.toISOString(),
  started: run.started.toISOString(),
});

export class JobStore {
  readonly #database: Database;
  readonly #clock: RawBuilder<number>;

  /** `clock` is the one by which leases run out, in milliseconds since 1970; default: the database's own. */
  constructor(database: Database, clock: RawBuilder<number> = databaseClock(database.engine)) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Everything that is remembered, of jobs that are not configured any more too. */
  async load(): Promise<ReadonlyMap<string, JobState>> {
    const held = sql<number>`(select count(*) from ${sql.table(LEASES)} l
      where l.name = crontabber_state.app_name and l.until_ms > ${this.#clock})`;
    const rows = await this.#db.selectFrom('crontabber_state').selectAll().select(held.as('held')).execute();
    return new Map(rows.map((row) => [row.app_name, stateOf(row, Number(row.held) > 0)]));
  }

  /** Remembers jobs, and what each comes after; what is remembered of them already stays. */
  async know(jobs: readonly KnownJob[], now: Date): Promise<void> {
    for (const { name, after } of jobs) {
      const depends_on = JSON.stringify(after);
      await this.#db
        .insertInto('crontabber_state')
        .values({ app_name: name, known_since: now.toISOString(), error_count: 0, depends_on })
        .onConflict((conflict) => conflict.column('app_name').doUpdateSet({ depends_on }))
        .execute();
    }
  }

  /** Undefined while another process runs the job. */
  claim(name: string, ttlMs: number): Promise<Lease | undefined> {
    return leasesIn(this.#database, LEASES, this.#clock).claim(name, ttlMs);
  }

  /** For whoever holds the lease. Undefined when nothing is remembered. */
  async read(name: string): Promise<JobState | undefined> {
    const row = await this.#db
      .selectFrom('crontabber_state')
      .selectAll()
      .where('app_name', '=', name)
      .executeTakeFirst();
    return row && stateOf(row, false);
  }

  /** The run is under way. Only for whoever holds the lease. */
  async begin(run: Run): Promise<void> {
    const started = run.started.toISOString();
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .updateTable('crontabber_state')
        .set((eb) => ({
          first_run: eb.fn.coalesce('first_run', eb.val(started)),
          last_run: started,
          ongoing: started,
          ongoing_host: run.host,
          ongoing_run: run.id,
        }))
        .where('app_name', '=', run.job)
        .execute();
      await tx
        .insertInto('crontabber_run')
        .values({ ...beginColumns(run), outcome: 'running' })
        .execute();
    });
  }

  /**
   * The run has ended. False, and nothing changed, when the run is not the one under way any more: its lease had run
   * out and somebody else took over. `within` is a transaction of the caller's.
   */
  async end(
    run: { readonly id: string; readonly job: string },
    end: RunEnd,
    change: StateChange,
    within?: Kysely<unknown>,
  ): Promise<boolean> {
    const write = async (tx: Kysely<Tables>): Promise<boolean> => {
      const { numUpdatedRows } = await tx
        .updateTable('crontabber_state')
        .set({ ...columnsOf(change), ongoing: null, ongoing_host: null, ongoing_run: null })
        .where('app_name', '=', run.job)
        .where('ongoing_run', '=', run.id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await tx.updateTable('crontabber_run').set(endColumns(end)).where('id', '=', run.id).execute();
      return true;
    };
    if (within) return write(within as Kysely<Tables>);
    return this.#db.transaction().execute(write);
  }

  /** A run that never ran: marked by hand. */
  async mark(run: Run, change: StateChange): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const end = endColumns({ outcome: 'marked', durationMs: 0 });
      await tx
        .updateTable('crontabber_state')
        .set(columnsOf(change))
        .where('app_name', '=', run.job)
        .execute();
      await tx
        .insertInto('crontabber_run')
        .values({ ...beginColumns(run), ...end })
        .execute();
    });
  }

  /** Forgets the job's state; its runs stay in the log. False when nothing was remembered. */
  async forget(name: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('crontabber_state')
      .where('app_name', '=', name)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** Newest first. */
  async runs(name: string | undefined, limit: number): Promise<readonly RunRecord[]> {
    const all = this.#db.selectFrom('crontabber_run').selectAll();
    const rows = await (name === undefined ? all : all.where('app_name', '=', name))
      .orderBy('started', 'desc')
      .orderBy('period_to', 'desc')
      .limit(limit)
      .execute();
    return rows.map(runOf);
  }

  async forgetRunsBefore(time: Date): Promise<void> {
    await this.#db
      .deleteFrom('crontabber_run')
      .where('started', '<', time.toISOString())
      .where('outcome', '!=', 'running')
      .execute();
  }

  get #db(): Kysely<Tables> {
    return this.#database.tables<Tables>();
  }
}
