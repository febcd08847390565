/** What went wrong in the SQLite thread, as data that can cross to another. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../lib/errno.ts';
import type { WorkerFailure } from './errors.ts';

/** SQLITE_IOERR, a primary result code. */
const IOERR = 10;

export interface SqliteFailure extends Error {
  readonly errcode?: number;
}

/** `path` is the file's: a write error on a full disk is `full`. */
export function failureOf(error: unknown, path: string): WorkerFailure {
  const { message, errcode } = error as SqliteFailure;
  if (errcode !== undefined && (errcode & 0xff) === IOERR && diskIsFull(path)) {
    return { message: `${message}: no space left`, errcode, code: 'full' };
  }
  if (error instanceof Failure) return { message, code: error.failure };
  const system = errnoOf(error);
  if (system === 'ENOSPC' || system === 'EDQUOT') return { message, code: 'full' };
  if (system === 'EACCES' || system === 'EPERM' || system === 'EROFS') {
    return { message, code: 'permission_denied' };
  }
  if (system?.startsWith('E') && !system.startsWith('ERR_')) return { message, code: 'unavailable' };
  if (system?.startsWith('ERR_INVALID')) return { message, code: 'invalid' };
  return { message, errcode };
}

export class Failure extends Error {
  readonly failure: 'unavailable' | 'invalid';

  constructor(failure: 'unavailable' | 'invalid', message: string) {
    super(message);
    this.failure = failure;
  }
}

function diskIsFull(path: string): boolean {
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    // The folder is gone as well; then the first error says more than this one.
    return false;
  }
}
