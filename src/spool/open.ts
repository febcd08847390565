/** Opening the spool: what the app wires. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Disk } from '../lib/disk.ts';
import { ThreadedDisk } from '../lib/disk-thread.ts';
import type { Log } from '../lib/log.ts';
import type { CrashStorage } from '../storage/contract.ts';
import type { Spool } from './contract.ts';
import { FsSpool } from './fs-spool.ts';
import type { SpoolQueue } from './mover.ts';
import type { SpoolSettings } from './settings.ts';

export interface OpenSpoolOptions {
  readonly settings: SpoolSettings;
  /** Where the spool lies unless the settings name a root; absolute. */
  readonly dataDir: string;
  /** Where reports go. Opened and closed by the caller, after the spool. */
  readonly store: CrashStorage<'report.write'>;
  /** Where tasks go; the same holds. */
  readonly queue: SpoolQueue;
  readonly log: Log;
  readonly clock?: Clock;
  readonly disk?: Disk;
}

/**
 * Takes up what dead processes left, and begins to move it. Rejects when the root cannot be written.
 * Neither store nor queue need to work yet. Whoever opens it closes it.
 */
export async function openSpool(options: OpenSpoolOptions): Promise<Spool> {
  const { settings, dataDir, clock = systemClock, ...rest } = options;
  const own = options.disk ? undefined : new ThreadedDisk();
  const disk = options.disk ?? (own as Disk);
  const root = settings.root || join(dataDir, 'spool');
  const closeDisk = async (): Promise<void> => own?.close();
  return FsSpool.open({ ...rest, settings, clock, disk, root, closeDisk });
}
