/**
 * Leases: a name that one holder has until a time on the database's own clock, so that hosts whose clocks differ
 * agree. The table is the caller's: its migration makes it with `createLeaseTable`.
 */
import { randomUUID } from 'node:crypto';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { CallOptions } from '../model/report.ts';
import type { Database, Engine } from './contract.ts';
import { DatabaseError } from './errors.ts';

/** Columns `name`, `holder`, `until_ms` (milliseconds since 1970, the database's clock). */
export async function createLeaseTable(db: Kysely<unknown>, table: string): Promise<void> {
  await db.schema
    .createTable(table)
    .ifNotExists()
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('until_ms', 'bigint', (c) => c.notNull())
    .execute();
}

export interface Lease {
  readonly name: string;
  /** Another `ttlMs` from now. Rejects with `conflict` when the time was up: somebody else may hold it. */
  renew(options?: CallOptions): Promise<void>;
  /** Lets go; nothing happens when the time was up already. */
  release(options?: CallOptions): Promise<void>;
}

export interface Leases {
  /** Undefined while somebody else holds it. */
  claim(name: string, ttlMs: number, options?: CallOptions): Promise<Lease | undefined>;
}

/** Milliseconds since 1970 on the database's clock, as SQL. */
export const databaseClock = (engine: Engine): RawBuilder<number> =>
  engine === 'sqlite'
    ? sql`cast(unixepoch('subsec') * 1000 as integer)`
    : sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;

/** `now` is the clock that leases run out by; default: the database's. */
export function leasesIn(
  database: Database,
  table: string,
  now: RawBuilder<number> = databaseClock(database.engine),
): Leases {
  const db = database.tables<unknown>();
  const leases = sql.table(table);

  const leaseOf = (name: string, holder: string, ttlMs: number): Lease => ({
    name,
    async renew({ signal } = {}) {
      const { rows } = await sql<{ name: string }>`
        update ${leases} set until_ms = ${now} + ${ttlMs}
        where name = ${name} and holder = ${holder} and until_ms > ${now} returning name`.execute(
        db,
        signal ? { signal } : {},
      );
      if (rows.length === 0) throw new DatabaseError('conflict', `the lease on ${name} has run out`);
    },
    async release({ signal } = {}) {
      await sql`delete from ${leases} where name = ${name} and holder = ${holder}`.execute(
        db,
        signal ? { signal } : {},
      );
    },
  });

  return {
    async claim(name, ttlMs, { signal } = {}) {
      const holder = randomUUID();
      const { rows } = await sql<{ holder: string }>`
        insert into ${leases} (name, holder, until_ms) values (${name}, ${holder}, ${now} + ${ttlMs})
        on conflict (name) do update set holder = excluded.holder, until_ms = excluded.until_ms
        where ${leases}.until_ms <= ${now} returning holder`.execute(db, signal ? { signal } : {});
      return rows.length === 0 ? undefined : leaseOf(name, holder, ttlMs);
    },
  };
}
