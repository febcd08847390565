/** Engines that are down, told apart from settings that are wrong. */
import { DatabaseError, DatabaseSettingError } from '../database/errors.ts';
import { QueueError } from '../queue/contract.ts';
import { StorageError } from '../storage/errors.ts';

const isEngines = (error: unknown): error is StorageError | QueueError | DatabaseError =>
  error instanceof StorageError || error instanceof QueueError || error instanceof DatabaseError;

/** What the database said of a store or a queue that lies in it; undefined when it was not the database. */
export function databaseErrorOf(error: unknown): DatabaseError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof DatabaseError) return at;
  return undefined;
}

/**
 * Waiting may mend it. A setting that is wrong comes as `invalid` or `unsupported`, or is no error of an engine.
 * A server that was asked and lacks the schema or the tables says `invalid` too: somebody makes them
 * while the collector takes uploads.
 */
export function isOutage(error: unknown): error is Error {
  if (!isEngines(error)) return false;
  const said = databaseErrorOf(error);
  if (said) return !(said instanceof DatabaseSettingError);
  return error.code !== 'invalid' && error.code !== 'unsupported';
}
