/** What the database says, as a StorageError. */
import { DatabaseError } from '../../database/errors.ts';
import { QueryError } from '../../search/errors.ts';
import { StorageError, type StorageErrorCode, toStorageError } from '../errors.ts';

/** An error of ours as it is; a conflict here is a fault of the store, not of the caller. */
export function wrapSqlite(store: string, error: unknown): StorageError {
  if (error instanceof QueryError)
    return new StorageError(error.code, store, error.message, { cause: error });
  if (!(error instanceof DatabaseError)) return toStorageError(store, error);
  const code: StorageErrorCode = error.code === 'conflict' ? 'internal' : error.code;
  return new StorageError(code, store, error.message, { cause: error });
}
