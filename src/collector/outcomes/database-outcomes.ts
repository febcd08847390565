/** Outcomes in the database. */
import type { Kysely } from 'kysely';
import type { Database } from '../../database/contract.ts';
import type { CallOptions } from '../../model/report.ts';
import type { OutcomeTables } from './migrations.ts';
import type { OutcomeBatch } from './pending.ts';

/** Where outcomes are kept. Writing the same batch again counts it again: call it once for each. */
export interface OutcomeStore {
  /** All of the batch or nothing. */
  write(batch: OutcomeBatch, options?: CallOptions): Promise<void>;
  /** Forgets single outcomes beyond the newest `keepRecent`, and counts of hours before `before`. */
  prune(options: { readonly keepRecent: number; readonly before: Date }): Promise<void>;
}

/** Rows in one statement: SQLite's and Postgres's limits on parameters are far above. */
const ROWS = 200;

function* slices<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < rows.length; i += ROWS) yield rows.slice(i, i + ROWS);
}

export class DatabaseOutcomes implements OutcomeStore {
  readonly #db: Kysely<OutcomeTables>;

  constructor(database: Database) {
    this.#db = database.tables<OutcomeTables>();
  }

  async write(batch: OutcomeBatch): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      for (const rows of slices(batch.counts)) {
        await tx
          .insertInto('collector_outcome_count')
          .values(rows)
          .onConflict((c) =>
            c.columns(['hour', 'outcome', 'reason', 'product']).doUpdateSet((eb) => ({
              count: eb('collector_outcome_count.count', '+', eb.ref('excluded.count')),
            })),
          )
          .execute();
      }
      for (const rows of slices(batch.recent)) {
        const values = rows.map(({ crashId, ...row }) => ({ ...row, crash_id: crashId }));
        await tx
          .insertInto('collector_outcome')
          .values(values)
          .onConflict((c) => c.column('key').doNothing())
          .execute();
      }
    });
  }

  async prune(options: { readonly keepRecent: number; readonly before: Date }): Promise<void> {
    await this.#db
      .deleteFrom('collector_outcome')
      .where('key', '<=', (eb) =>
        eb
          .selectFrom('collector_outcome')
          .select('key')
          .orderBy('key', 'desc')
          .limit(1)
          .offset(options.keepRecent),
      )
      .execute();
    await this.#db
      .deleteFrom('collector_outcome_count')
      .where('hour', '<', options.before.toISOString())
      .execute();
  }
}
