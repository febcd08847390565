/** The collector's tables: counts of outcomes by hour, and the most recent outcomes one by one. */
import type { Migration } from '../../database/migrate.ts';

export interface OutcomeTables {
  readonly collector_outcome_count: {
    /** `2026-11-21T07:00:00.000Z` */
    readonly hour: string;
    readonly outcome: string;
    readonly reason: string;
    readonly product: string;
    /** Postgres answers bigint as text. */
    readonly count: number | string;
  };
  readonly collector_outcome: {
    /** Time and a random tail: sorts by time and names the row for good. */
    readonly key: string;
    readonly at: string;
    readonly outcome: string;
    readonly reason: string;
    readonly product: string;
    readonly version: string;
    readonly crash_id: string | null;
  };
}

export const OUTCOME_MIGRATIONS: readonly Migration[] = [
  {
    name: 'collector/0001_outcomes',
    async up(db) {
      await db.schema
        .createTable('collector_outcome_count')
        .addColumn('hour', 'text', (c) => c.notNull())
        .addColumn('outcome', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('product', 'text', (c) => c.notNull())
        .addColumn('count', 'bigint', (c) => c.notNull())
        .addPrimaryKeyConstraint('collector_outcome_count_key', ['hour', 'outcome', 'reason', 'product'])
        .execute();
      await db.schema
        .createTable('collector_outcome')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('at', 'text', (c) => c.notNull())
        .addColumn('outcome', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('product', 'text', (c) => c.notNull())
        .addColumn('version', 'text', (c) => c.notNull())
        .addColumn('crash_id', 'text')
        .execute();
      await db.schema.createIndex('collector_outcome_at').on('collector_outcome').column('at').execute();
    },
  },
];
