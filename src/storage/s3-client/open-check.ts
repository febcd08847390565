/** What a store asks of its bucket before it says that it is open. */
import type { Log } from '../../lib/log.ts';
import { StorageError } from '../errors.ts';
import type { S3Connection } from './connection.ts';
import { isDenied, isWrongSetting } from './errors.ts';
import type { S3Objects } from './objects.ts';

/**
 * Rejects with `invalid` for what no waiting mends. Keys that may not list are taken, with a warning: a collector may
 * have keys that only write.
 */
export async function checkAtOpen(
  objects: S3Objects,
  connection: S3Connection,
  prefix: string,
  store: string,
  log: Log,
): Promise<void> {
  try {
    await objects.check(prefix);
  } catch (error) {
    const wrapped = connection.error(error);
    if (isWrongSetting(error)) throw new StorageError('invalid', store, detailOf(wrapped), { cause: error });
    if (!isDenied(error)) throw wrapped;
    log.warn({ store, err: wrapped }, 'the bucket may not be listed');
  }
}

/** Without the name and the code, which the new error adds again. */
export const detailOf = (error: StorageError): string =>
  error.message.slice(`${error.store}: `.length, -` [${error.code}]`.length);
