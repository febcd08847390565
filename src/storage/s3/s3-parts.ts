/** What the parts of a store on S3 stand on. */
import type { Log } from '../../lib/log.ts';
import type { CallOptions, Dump, DumpInfo } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { S3Connection } from '../s3-client/connection.ts';
import type { S3Objects } from '../s3-client/objects.ts';
import type { Uploads } from '../s3-client/uploads.ts';
import type { Keys } from './keys.ts';

export interface S3Parts {
  readonly name: string;
  readonly keys: Keys;
  readonly connection: S3Connection;
  readonly objects: S3Objects;
  readonly uploads: Uploads;
  readonly log: Log;
  /** Any failure as a StorageError; `closed` once the store is. */
  wrap(error: unknown): StorageError;
}

/** Requests that one call makes at once. */
export const AT_ONCE = 16;

/** A HEAD does not tell a missing object from a missing bucket: rejects when it is the bucket. */
export const requireBucket = ({ objects, keys }: S3Parts, options?: CallOptions): Promise<void> =>
  objects.check(keys.root, options);

export const objectDump = (parts: S3Parts, info: DumpInfo, key: string): Dump => ({
  ...info,
  async open(options) {
    try {
      const wrap = (error: unknown): StorageError => parts.wrap(error);
      const found = await parts.objects.open(key, { ...options, sha256: info.sha256, wrap });
      if (found) return found.stream;
    } catch (error) {
      throw parts.wrap(error);
    }
    throw new StorageError('not_found', parts.name, 'the dump is gone');
  },
});
