/**
 * What the spool moves reports to, opened when it is first needed: a collector whose engines are down when it starts
 * takes uploads all the same, and moves them on when the engines are there.
 */
import type { CrashQueue } from '../queue/contract.ts';
import type { SpoolQueue } from '../spool/mover.ts';
import { type CrashStorage, need, type Store } from '../storage/contract.ts';
import { StorageError } from '../storage/errors.ts';
import { databaseErrorOf, isOutage } from './outage.ts';

/**
 * A store in a database without its tables says `invalid`, for which the spool would set a report aside: the report is
 * not to blame, it was not looked at. Test: test/e2e/missing-database.test.ts.
 */
function notOpened(name: string, cause: unknown): unknown {
  const said = isOutage(cause) ? databaseErrorOf(cause) : undefined;
  return said ? new StorageError('unavailable', name, said.message, { cause }) : cause;
}

/** Belongs to nobody: whoever opens the store behind it closes that one. */
export function lateStore(name: string, open: () => Promise<Store>): CrashStorage<'report.write'> {
  const store = async (): Promise<CrashStorage<'report.write'>> => {
    try {
      return need(await open(), 'COLLECTOR_STORAGE', 'report.write');
    } catch (error) {
      throw notOpened(name, error);
    }
  };
  return {
    name,
    use: 'late',
    capabilities: new Set(['report.write'] as const),
    children: [],
    health: async (options) => (await store()).health(options),
    close: async () => undefined,
    saveReport: async (report, options) => (await store()).saveReport(report, options),
  };
}

export function lateQueue(open: () => Promise<CrashQueue>): SpoolQueue {
  return {
    publish: async (task, lane, options) => (await open()).publish(task, lane, options),
    health: async (options) => (await open()).health(options),
  };
}
