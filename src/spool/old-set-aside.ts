/** Retention of reports that were set aside: for a job, beside a collector at work. */
import { join } from 'node:path';
import { throwIfAborted } from '../lib/abort.ts';
import { type Disk, listFolder } from '../lib/disk.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';
import { FailedFolder } from './set-aside.ts';

export interface RemovedSetAside {
  readonly removed: number;
  readonly kept: number;
  /** Files that are no report; they are left to people. */
  readonly unreadable: number;
}

/** Removes those that failed before a time. Does not open the spool, and moves nothing. */
export async function removeSetAside(
  root: string,
  disk: Disk,
  { before, isHeld, signal }: CallOptions & { readonly before: Date; isHeld(id: CrashId): boolean },
): Promise<RemovedSetAside> {
  const counts = { removed: 0, kept: 0, unreadable: 0 };
  // No collector has run here: a folder is not made for the sake of looking into it.
  if (!(await listFolder(root)).includes(FOLDER)) return counts;
  const folder = await FailedFolder.open(join(root, FOLDER), disk);
  const damaged = (): void => {
    counts.unreadable += 1;
  };
  for await (const report of folder.list(damaged)) {
    throwIfAborted(signal);
    const isOld = Date.parse(report.failedAt) < before.getTime();
    if (!isOld || isHeld(report.id)) counts.kept += 1;
    else if (await folder.remove(report.id)) counts.removed += 1;
  }
  return counts;
}

const FOLDER = 'failed';
