/** Engines that are down, told apart from settings that are wrong. */
import { DatabaseError } from '../database/errors.ts';
import { QueueError } from '../queue/contract.ts';
import { StorageError } from '../storage/errors.ts';

/** Waiting may mend it. A setting that is wrong comes as `invalid` or `unsupported`, or is no error of an engine. */
export const isOutage = (error: unknown): error is Error =>
  (error instanceof StorageError || error instanceof QueueError || error instanceof DatabaseError) &&
  error.code !== 'invalid' &&
  error.code !== 'unsupported';
