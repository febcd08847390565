/** Tasks and dead tasks: one statement for each thing that is done to them. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { CrashTask, DeadSelection, DeadTask, Lane } from '../contract.ts';
import type { Past } from '../death.ts';
import type { DeliverySettings } from '../settings.ts';
import type { Tables } from './tables.ts';

interface TaskRow {
  readonly crash_id: CrashId;
  readonly ruleset: string | null;
}

interface DeadRow extends TaskRow {
  readonly id: number;
  readonly lane: Lane;
  readonly attempts: number;
  readonly reason: string;
  readonly died_at: Date;
}

export interface Taken extends Past {
  readonly task: CrashTask;
}

const taskOf = ({ crash_id, ruleset }: TaskRow): CrashTask =>
  Object.freeze(ruleset === null ? { crashId: crash_id } : { crashId: crash_id, ruleset });

/** Dead tasks to a page. */
const PAGE = 500;
/** Tasks taken back in one statement. */
const BATCH = 200;

const inMs = (parameter: string): string => `clock_timestamp() + ${parameter} * interval '1 millisecond'`;
const chosen = (which: DeadSelection): readonly string[] | null => (which === 'all' ? null : which.ids);

/** Postgres's text takes no U+0000 and no half of a surrogate pair. */
const plain = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();

export class TaskTable {
  readonly #pool: PostgresPool;
  readonly #tables: Tables;

  constructor(pool: PostgresPool, tables: Tables) {
    this.#pool = pool;
    this.#tables = tables;
  }

  async publish({ crashId, ruleset }: CrashTask, lane: Lane): Promise<void> {
    await this.#pool.query(`insert into ${this.#tables.task} (lane, crash_id, ruleset) values ($1, $2, $3)`, [
      lane,
      crashId,
      ruleset ?? null,
    ]);
  }

  /** The oldest that is ready, under this claim. Those that others are taking are passed over. */
  async take(lane: Lane, claim: string, leaseMs: number): Promise<Taken | undefined> {
    const { task } = this.#tables;
    const { rows } = await this.#pool.query<TaskRow & { readonly used: number; readonly suspect: boolean }>(
      `update ${task} set claim = $2, lease_until = ${inMs('$3')}, held = false
        where id = (select id from ${task} where lane = $1 and claim is null and due <= clock_timestamp()
          order by due, id limit 1 for update skip locked)
        returning crash_id, ruleset, used, suspect`,
      [lane, claim, leaseMs],
    );
    const [row] = rows;
    return row && { task: taskOf(row), used: row.used, isSuspect: row.suspect };
  }

  /** Milliseconds until the next delayed task of the lane is ready; undefined when there is none. */
  async nextDueMs(lane: Lane): Promise<number | undefined> {
    const { rows } = await this.#pool.query<{ readonly ms: number | null }>(
      `select (extract(epoch from min(due) - clock_timestamp()) * 1000)::double precision as ms
        from ${this.#tables.task} where lane = $1 and claim is null`,
      [lane],
    );
    return rows[0]?.ms ?? undefined;
  }

  /** The claims of these that still hold; their leases begin anew. */
  async renew(claims: readonly string[], leaseMs: number): Promise<ReadonlySet<string>> {
    const { rows } = await this.#pool.query<{ readonly claim: string }>(
      `update ${this.#tables.task} set lease_until = ${inMs('$2')} where claim = any($1::uuid[]) returning claim`,
      [claims, leaseMs],
    );
    return new Set(rows.map(({ claim }) => claim));
  }

  /** What follows resolves with false when the claim was lost. */
  done(claim: string): Promise<boolean> {
    return this.#change(`delete from ${this.#tables.task} where claim = $1`, [claim]);
  }

  retry(claim: string, used: number, delayMs: number): Promise<boolean> {
    return this.#change(
      `update ${this.#tables.task} set claim = null, lease_until = null, used = $2, suspect = false, due = ${inMs('$3')} where claim = $1`,
      [claim, used, delayMs],
    );
  }

  release(claim: string): Promise<boolean> {
    return this.#change(
      `update ${this.#tables.task} set claim = null, lease_until = null, held = false where claim = $1`,
      [claim],
    );
  }

  hold(claim: string, held: boolean): Promise<boolean> {
    return this.#change(`update ${this.#tables.task} set held = $2 where claim = $1`, [claim, held]);
  }

  bury(claim: string, attempts: number, reason: string): Promise<boolean> {
    const { task, dead } = this.#tables;
    return this.#change(
      `with gone as (delete from ${task} where claim = $1 returning lane, crash_id, ruleset)
        insert into ${dead} (lane, crash_id, ruleset, attempts, reason)
        select lane, crash_id, ruleset, $2, $3 from gone`,
      [claim, attempts, plain(reason)],
    );
  }

  /**
   * The tasks of consumers that died, an attempt used unless they were held: `afterDeath` in SQL. The first time it may
   * have been anything; a task that goes on killing its process waits longer and longer, and is dead after the last attempt.
   */
  async takeBack(settings: DeliverySettings): Promise<number> {
    const { task, dead } = this.#tables;
    const { rows } = await this.#pool.query<{ readonly n: number }>(
      `with lost as (
          select id, held, suspect, case when held then used when suspect then used + 1
              else greatest(0, least(used + 1, $1 - 1)) end as used from ${task}
            where claim is not null and lease_until < clock_timestamp()
            order by lease_until limit ${BATCH} for update skip locked),
        gone as (delete from ${task} t using lost where t.id = lost.id and not lost.held and lost.suspect and lost.used >= $1
          returning t.lane, t.crash_id, t.ruleset, lost.used),
        buried as (insert into ${dead} (lane, crash_id, ruleset, attempts, reason)
          select lane, crash_id, ruleset, used, 'the process died with the task in hand' from gone returning 1),
        back as (update ${task} t set claim = null, lease_until = null, held = false, used = lost.used,
            suspect = lost.suspect or not lost.held,
            due = case when lost.held or not lost.suspect then t.due
              else clock_timestamp() + least($3, $2 * 2 ^ least(lost.used - 1, 40)) * interval '1 millisecond' end
          from lost where t.id = lost.id and (lost.held or not lost.suspect or lost.used < $1) returning 1)
        select (select count(*) from buried) + (select count(*) from back) as n`,
      [settings.max_attempts, settings.retry_base, settings.retry_cap],
    );
    return rows[0]?.n ?? 0;
  }

  async depth(lane: Lane, options: CallOptions = {}): Promise<number> {
    const { rows } = await this.#pool.query<{ readonly n: number }>(
      `select count(*) as n from ${this.#tables.task} where lane = $1`,
      [lane],
      options,
    );
    return rows[0]?.n ?? 0;
  }

  async *listDead(options: CallOptions = {}): AsyncGenerator<DeadTask<CrashTask>> {
    const sql = `select id, lane, crash_id, ruleset, attempts, reason, died_at from ${this.#tables.dead}
      where id > $1 order by id limit ${PAGE}`;
    for (let after = 0; ; ) {
      const rows: readonly DeadRow[] = (await this.#pool.query<DeadRow>(sql, [after], options)).rows;
      for (const row of rows) {
        const { lane, attempts, reason, died_at } = row;
        yield { task: taskOf(row), lane, attempts, reason, diedAt: died_at.toISOString() };
      }
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return;
      after = last.id;
    }
  }

  async requeueDead(which: DeadSelection): Promise<number> {
    const { task, dead } = this.#tables;
    const { count } = await this.#pool.query(
      `with gone as (delete from ${dead} where $1::text[] is null or crash_id = any($1)
          returning id, lane, crash_id, ruleset)
        insert into ${task} (lane, crash_id, ruleset) select lane, crash_id, ruleset from gone order by id`,
      [chosen(which)],
    );
    return count;
  }

  async removeDead(which: DeadSelection): Promise<number> {
    const { count } = await this.#pool.query(
      `delete from ${this.#tables.dead} where $1::text[] is null or crash_id = any($1)`,
      [chosen(which)],
    );
    return count;
  }

  /** A task that is being buried in this moment is waited for, and found among the dead: hence that order. */
  async forget(id: CrashId): Promise<boolean> {
    return this.#pool.transaction(async (session) => {
      const { count: tasks } = await session.query(`delete from ${this.#tables.task} where crash_id = $1`, [
        id,
      ]);
      const { count: dead } = await session.query(`delete from ${this.#tables.dead} where crash_id = $1`, [
        id,
      ]);
      return tasks + dead > 0;
    });
  }

  async #change(sql: string, values: readonly unknown[]): Promise<boolean> {
    const { count } = await this.#pool.query(sql, values);
    return count > 0;
  }
}
