/** Outcomes of uploads, for those who read them: the web site and the command line. */
import type { Database } from '../database/contract.ts';
import type { CallOptions } from '../model/report.ts';
import type { OutcomeTables } from './outcomes/migrations.ts';
import type { OutcomeName } from './outcomes/outcome.ts';
import type { CountRow, RecentRow } from './outcomes/pending.ts';

export { DatabaseOutcomes } from './outcomes/database-outcomes.ts';
export { OUTCOME_MIGRATIONS } from './outcomes/migrations.ts';
export { OutcomeLog } from './outcomes/outcome-log.ts';

export interface OutcomeQuery {
  readonly since: Date;
  /** Exclusive; now when absent. */
  readonly until?: Date | undefined;
  readonly outcome?: OutcomeName | undefined;
  readonly reason?: string | undefined;
  readonly product?: string | undefined;
  /** Of single outcomes. */
  readonly limit: number;
}

export interface OutcomeListing {
  /** By hour, outcome, reason and product; the whole hour in which `since` falls included; oldest first. */
  readonly counts: readonly CountRow[];
  /** Newest first, `limit` at most; only the newest `outcomes_recent` exist. */
  readonly recent: readonly Omit<RecentRow, 'key'>[];
}

export interface OutcomeTotal {
  readonly outcome: OutcomeName;
  readonly reason: string;
  readonly count: number;
}

const hourOf = (date: Date): string => `${date.toISOString().slice(0, 13)}:00:00.000Z`;

export async function listOutcomes(
  database: Database,
  query: OutcomeQuery,
  { signal }: CallOptions = {},
): Promise<OutcomeListing> {
  const db = database.tables<OutcomeTables>();
  let counts = db.selectFrom('collector_outcome_count').selectAll().where('hour', '>=', hourOf(query.since));
  let recent = db
    .selectFrom('collector_outcome')
    .select(['at', 'outcome', 'reason', 'product', 'version', 'crash_id'])
    .where('at', '>=', query.since.toISOString());
  if (query.until) {
    counts = counts.where('hour', '<', query.until.toISOString());
    recent = recent.where('at', '<', query.until.toISOString());
  }
  for (const column of ['outcome', 'reason', 'product'] as const) {
    const wanted = query[column];
    if (wanted === undefined) continue;
    counts = counts.where(column, '=', wanted);
    recent = recent.where(column, '=', wanted);
  }
  const options = signal ? { signal } : {};
  const [countRows, recentRows] = await Promise.all([
    counts.orderBy('hour').orderBy('outcome').orderBy('reason').orderBy('product').execute(options),
    recent.orderBy('key', 'desc').limit(query.limit).execute(options),
  ]);
  return {
    counts: countRows.map((row) => ({
      ...row,
      outcome: row.outcome as OutcomeName,
      count: Number(row.count),
    })),
    recent: recentRows.map(({ crash_id, ...row }) => ({
      ...row,
      outcome: row.outcome as OutcomeName,
      crashId: crash_id,
    })),
  };
}

/** Totals by outcome and reason since the hour of `since`, most frequent first. */
export async function totalOutcomes(
  database: Database,
  { since }: { readonly since: Date },
  { signal }: CallOptions = {},
): Promise<readonly OutcomeTotal[]> {
  const rows = await database
    .tables<OutcomeTables>()
    .selectFrom('collector_outcome_count')
    .where('hour', '>=', hourOf(since))
    .groupBy(['outcome', 'reason'])
    .select((eb) => ['outcome', 'reason', eb.fn.sum<number | string>('count').as('total')])
    .orderBy('total', 'desc')
    .execute(signal ? { signal } : {});
  return rows.map(({ outcome, reason, total }) => ({
    outcome: outcome as OutcomeName,
    reason,
    count: Number(total),
  }));
}
