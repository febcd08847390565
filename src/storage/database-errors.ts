/** What a database says, as a store says it. */
import { DatabaseError } from '../database/errors.ts';
import { StorageError, type StorageErrorCode, toStorageError } from './errors.ts';

/** As `toStorageError`; a conflict in the database is a fault of the store, not of the caller. */
export function fromDatabase(store: string, error: unknown): StorageError {
  if (!(error instanceof DatabaseError)) return toStorageError(store, error);
  const code: StorageErrorCode = error.code === 'conflict' ? 'internal' : error.code;
  return new StorageError(code, store, error.message, { cause: error });
}
