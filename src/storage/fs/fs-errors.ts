/** What a file system says, as a StorageError. */
import { errnoOf } from '../../lib/errno.ts';
import { StorageError, type StorageErrorCode, toStorageError } from '../errors.ts';

export { errnoOf };

/** True for the errors that mean "no such file or folder here". */
export const isMissing = (error: unknown): boolean =>
  errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';

/** Another file system, too many links, not ours to link, or links unknown: copy instead. */
const UNLINKABLE: ReadonlySet<string> = new Set([
  'EXDEV',
  'EMLINK',
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

export const isUnlinkable = (error: unknown): boolean => UNLINKABLE.has(errnoOf(error) ?? '');

/**
 * `not_found` is not among them: a missing file says that a crash is not there only where a crash was asked for.
 * A file system that was remounted read-only, or a mount that is gone, is an outage and not a refusal.
 */
const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'permission_denied',
  EPERM: 'permission_denied',
  EROFS: 'unavailable',
  ENOENT: 'unavailable',
  EIO: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  ENOMEM: 'unavailable',
  EAGAIN: 'unavailable',
  EBUSY: 'unavailable',
  ESTALE: 'unavailable',
  // What network and FUSE mounts say while their server is gone, and disks that were pulled or are damaged.
  ENOTCONN: 'unavailable',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  ECONNABORTED: 'unavailable',
  EHOSTDOWN: 'unavailable',
  EHOSTUNREACH: 'unavailable',
  ENETDOWN: 'unavailable',
  ENETUNREACH: 'unavailable',
  ENOLINK: 'unavailable',
  EREMOTEIO: 'unavailable',
  ESHUTDOWN: 'unavailable',
  ENODEV: 'unavailable',
  ENXIO: 'unavailable',
  EUCLEAN: 'unavailable',
  EINTR: 'unavailable',
  ENOTDIR: 'unavailable',
  ETIMEDOUT: 'timeout',
  ENAMETOOLONG: 'invalid',
};

export function fsError(store: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = CODES[errnoOf(error) ?? ''];
  if (code === undefined) return toStorageError(store, error);
  return new StorageError(code, store, (error as Error).message, { cause: error });
}

/** Why a store cannot be opened on `root`, with the setting that says where that is. */
export function fsOpenError(store: string, error: unknown, root: string, setting: string): StorageError {
  const { code, cause, message } = fsError(store, error);
  if (cause instanceof Error && errnoOf(cause) !== undefined)
    return new StorageError(
      code,
      store,
      `${setting}: ${root} cannot be used (${cause.message}); name a folder that can be made and written`,
      { cause },
    );
  const said = message.slice(`${store}: `.length, -` [${code}]`.length);
  return new StorageError(code, store, `${said}; see ${setting}`, { cause: error });
}
