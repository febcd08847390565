/** What opening the queue will make, for those who only look. */
import { checkServer } from '../../database/postgres-database.ts';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { CallOptions } from '../../model/report.ts';
import { toQueueError } from './postgres-queue.ts';
import type { Tables } from './tables.ts';

/** The tables that are not there; makes none. The pool is closed. Rejects with a `QueueError`. */
export async function missingTables(
  { pool, tables }: { readonly pool: PostgresPool; readonly tables: Tables },
  options: CallOptions,
): Promise<readonly string[]> {
  try {
    await checkServer(pool);
    await pool.health(options);
    const { rows } = await pool.query<{ readonly name: string }>(
      'select name from unnest($1::text[]) name where to_regclass(name) is null',
      [[tables.task, tables.dead]],
      options,
    );
    return rows.map(({ name }) => name);
  } catch (error) {
    throw toQueueError(error);
  } finally {
    await pool.close();
  }
}
