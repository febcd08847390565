/**
 * What the spool moves reports to, opened when it is first needed: a collector whose engines are down when it starts
 * takes uploads all the same, and moves them on when the engines are there.
 */
import type { CrashQueue } from '../queue/contract.ts';
import type { SpoolQueue } from '../spool/mover.ts';
import { type CrashStorage, need, type Store } from '../storage/contract.ts';

/** Belongs to nobody: whoever opens the store behind it closes that one. */
export function lateStore(name: string, open: () => Promise<Store>): CrashStorage<'report.write'> {
  const store = async (): Promise<CrashStorage<'report.write'>> =>
    need(await open(), 'COLLECTOR_STORAGE', 'report.write');
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
