/** What "older than" means for crashes, whose age is known by the day. */
import { sql } from 'kysely';
import type { Database } from '../database/contract.ts';
import { databaseClock } from '../database/lease.ts';
import { DAY_MS, isoDay } from '../lib/clock.ts';
import type { CallOptions } from '../model/report.ts';
import type { Period } from './job.ts';

/**
 * The first day that is kept, for a period's end and a retention in milliseconds: every crash of an earlier day is older than
 * `keepMs`; one that is exactly as old is kept. Test: "border days".
 */
export const firstKeptDay = (period: Period, keepMs: number): string =>
  isoDay(new Date(period.to.getTime() - keepMs));

export const dayAfter = (day: string, days = 1): string =>
  isoDay(new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS));

/** Clocks of good machines differ by less. */
const TOLERANCE_MS = 3_600_000;

/**
 * Rejects for a period that ends in the future by the database's clock: a machine whose clock is years ahead, or a slip in
 * `--to`, would remove everything.
 */
export async function refuseFuture(
  database: Database,
  period: Period,
  { signal }: CallOptions,
): Promise<void> {
  const { rows } = await sql<{
    readonly now_ms: number;
  }>`select ${databaseClock(database.engine)} as now_ms`.execute(
    database.tables<unknown>(),
    signal ? { signal } : {},
  );
  if (period.to.getTime() <= Number(rows[0]?.now_ms) + TOLERANCE_MS) return;
  throw new RangeError(
    `the period ends ${period.to.toISOString()}, which is in the future by the clock of the database: nothing is removed`,
  );
}
