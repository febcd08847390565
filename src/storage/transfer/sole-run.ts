/**
 * One process at a time for one transfer. The lock is SQLite's on a file of its own: the system lets go of it with the
 * process, however that ends, and no process id can be mistaken. Nothing is read or written, so that it takes no time.
 */
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Disk } from '../../lib/disk.ts';

const SQLITE_BUSY = 5;

export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly code = 'unavailable';
}

function lock(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('begin exclusive');
    return file;
  } catch (cause) {
    file.close();
    if ((cause as { readonly errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause;
    throw new AlreadyRunningError(`the same transfer runs already, here or in another process (${path})`, {
      cause,
    });
  }
}

/** Rejects with `AlreadyRunningError` when somebody else is at it. */
export async function soleRun<T>(disk: Disk, path: string, work: () => Promise<T>): Promise<T> {
  await disk.makeFolder(dirname(path));
  const file = lock(path);
  try {
    return await work();
  } finally {
    file.close();
  }
}
