/** What is too old goes: whole weeks at once, and what is left of the last one crash by crash. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { PostgresSession } from '../../database/postgres-session.ts';
import { throwIfAborted } from '../../lib/abort.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Partitions } from './partitions.ts';
import type { Tables } from './tables.ts';

/** Crashes removed in one transaction: their locks must not be held for long. */
const BATCH = 100;

export class Retention {
  readonly #pool: PostgresPool;
  readonly #tables: Tables;
  readonly #partitions: Partitions;
  readonly #remove: (session: PostgresSession, id: CrashId) => Promise<boolean>;

  /** `remove` takes everything of a crash away, within a transaction that has its lock. */
  constructor(
    pool: PostgresPool,
    tables: Tables,
    partitions: Partitions,
    remove: (session: PostgresSession, id: CrashId) => Promise<boolean>,
  ) {
    this.#pool = pool;
    this.#tables = tables;
    this.#partitions = partitions;
    this.#remove = remove;
  }

  /** Weeks (by their Monday, `week of YYYY-MM-DD`) and days that had something. */
  async dropBefore(day: string, options: CallOptions = {}): Promise<readonly string[]> {
    const weeks = await this.#partitions.dropBefore(day, options);
    return [...weeks.map((monday) => `week of ${monday}`), ...(await this.#dropDays(day, options))];
  }

  async #dropDays(day: string, options: CallOptions): Promise<readonly string[]> {
    const { raw, crash } = this.#tables;
    const sql = `select id, substr(date, 1, 10) as day from (
        (select id, date from ${crash} where date < $1 order by date limit ${BATCH})
        union (select id, received from ${raw} where received < $1 order by received limit ${BATCH})
      ) as old order by id`;
    const days = new Set<string>();
    for (;;) {
      throwIfAborted(options.signal);
      const { rows } = await this.#pool.query<{ readonly id: CrashId; readonly day: string }>(
        sql,
        [`${day}T00:00:00.000Z`],
        options,
      );
      if (rows.length === 0) return [...days].sort();
      const ids = [...new Set(rows.map(({ id }) => id))];
      await this.#pool.transaction(async (session) => {
        // In one order, so that two who do this do not wait for each other.
        for (const id of ids) {
          await session.query(this.#tables.lock(id));
          await this.#remove(session, id);
        }
      }, options);
      for (const row of rows) days.add(row.day);
    }
  }
}
