/** A partition for each week, made when its first crash comes, and dropped as a whole. Weeks begin on Monday, UTC. */
import { routineOf, sqlStateOf } from '../../database/postgres-errors.ts';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { PostgresSession } from '../../database/postgres-session.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { PARTITIONED, type Tables } from './tables.ts';

const DAY_MS = 86_400_000;

/** Ids whose digits are no date lie together in a week that nothing else is in, and which no retention drops. */
const UNDATED = '0001-01-01';

/** The column `day` of everything that belongs to the crash. */
export const dayColumn = (id: CrashId): string => dayOf(id) ?? UNDATED;

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The Monday of the day's week. */
export function mondayOf(day: string): string {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return dateOf(ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY_MS);
}

export const weekAfter = (monday: string): string => dateOf(Date.parse(`${monday}T00:00:00Z`) + 7 * DAY_MS);

const partitionOf = (table: string, monday: string): string => `${table}_${monday.replaceAll('-', '')}`;

/** Its week has no partition yet, or none any more. */
export const isWithoutPartition = (error: unknown): boolean =>
  sqlStateOf(error) === '23514' && routineOf(error) === 'ExecFindPartition';

export class Partitions {
  readonly #pool: PostgresPool;
  readonly #tables: Tables;

  constructor(pool: PostgresPool, tables: Tables) {
    this.#pool = pool;
    this.#tables = tables;
  }

  /**
   * Runs `write`; when the week of that day has no partition, makes one and runs it again. Most writes find theirs, so
   * that nobody asks before.
   */
  async within<T>(day: string, options: CallOptions, write: () => Promise<T>): Promise<T> {
    // More than once only where others drop the week again and again.
    for (let tries = 0; ; tries += 1) {
      try {
        return await write();
      } catch (error) {
        if (!isWithoutPartition(error) || tries >= 3) throw error;
        await this.make(day, options);
      }
    }
  }

  /**
   * Whoever comes second waits for the first and finds it made. `create table … partition of` would lock the parent
   * against everybody; a table that is attached does not.
   */
  async make(day: string, options: CallOptions = {}): Promise<void> {
    const monday = mondayOf(day);
    await this.#pool.transaction(async (session) => {
      await session.query(this.#tables.lock('layout'));
      for (const table of PARTITIONED) await this.#makeOne(session, table, monday);
    }, options);
  }

  async #makeOne(session: PostgresSession, table: string, monday: string): Promise<void> {
    const [parent, child] = [this.#tables.in(table), this.#tables.in(partitionOf(table, monday))];
    const found = await this.#attached(session, child);
    if (found && !found.pending) return;
    // Somebody died while he dropped it: we have the lock, so nobody is at it.
    if (found) await session.query(`alter table ${parent} detach partition ${child} finalize`);
    await session.query(`drop table if exists ${child}`);
    await session.query(`create table ${child} (like ${parent} including all)`);
    await session.query(
      `alter table ${parent} attach partition ${child} for values from ('${monday}') to ('${weekAfter(monday)}')`,
    );
  }

  /** Mondays of the weeks that there are, oldest first. */
  async weeks(options: CallOptions = {}): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ readonly monday: string }>(
      `select distinct to_char(to_date(right(relname, 8), 'YYYYMMDD'), 'YYYY-MM-DD') as monday
        from pg_class where relnamespace = $1::regnamespace and relkind = 'r'
        and relname ~ '^(${PARTITIONED.join('|')})_[0-9]{8}$' order by monday`,
      [`"${this.#tables.schema}"`],
      options,
    );
    return rows.map(({ monday }) => monday);
  }

  /** Drops the weeks that end on `day` or before. Returns their Mondays. */
  async dropBefore(day: string, options: CallOptions = {}): Promise<readonly string[]> {
    const gone = (await this.weeks(options)).filter((monday) => monday > UNDATED && weekAfter(monday) <= day);
    for (const monday of gone) await this.drop(monday, options);
    return gone;
  }

  /**
   * Detached while others read and write, then dropped: no row is touched. The raw crash goes first, so that what
   * is half gone is not found; whoever dies on the way leaves weeks that the next drop finds again.
   */
  async drop(monday: string, options: CallOptions = {}): Promise<void> {
    // `detach … concurrently` is refused in a transaction, so that the lock is the connection's.
    await this.#pool.withSession(
      async (session) => {
        await session.query(this.#tables.lock('layout').replace('_xact', ''));
        for (const table of PARTITIONED) await this.#dropOne(session, table, monday);
      },
      { ...options, single: true },
    );
  }

  async #dropOne(session: PostgresSession, table: string, monday: string): Promise<void> {
    const [parent, child] = [this.#tables.in(table), this.#tables.in(partitionOf(table, monday))];
    const attached = await this.#attached(session, child);
    if (attached)
      await session.query(
        `alter table ${parent} detach partition ${child} ${attached.pending ? 'finalize' : 'concurrently'}`,
      );
    await session.query(`drop table if exists ${child}`);
  }

  /** Undefined when it is no partition, or is not there. */
  async #attached(
    session: PostgresSession,
    child: string,
  ): Promise<{ readonly pending: boolean } | undefined> {
    const { rows } = await session.query<{ readonly pending: boolean }>(
      'select inhdetachpending as pending from pg_inherits where inhrelid = to_regclass($1)',
      [child],
    );
    return rows[0];
  }
}
