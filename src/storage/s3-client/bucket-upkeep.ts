/** Making a bucket, and clearing away in it. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  type CreateBucketCommandInput,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { S3Connection } from './connection.ts';
import { isNoSuchBucket, isOwnBucket } from './errors.ts';
import { S3Objects } from './objects.ts';
import { detailOf } from './open-check.ts';

const abortOf = (options: CallOptions | undefined) =>
  options?.signal ? { abortSignal: options.signal } : {};

/** AWS takes no constraint for the region that has no name of its own, and asks for one everywhere else. */
const OLDEST_REGION = 'us-east-1';

/** Makes the bucket; false when it was there already and is ours. Safe when two do it at once. */
export async function makeBucket(
  { client, settings }: S3Connection,
  options?: CallOptions & { readonly bucket?: string },
): Promise<boolean> {
  const { bucket = settings.bucket } = options ?? {};
  const input: CreateBucketCommandInput = {
    Bucket: bucket,
    ...(settings.endpoint === '' && settings.region !== OLDEST_REGION
      ? { CreateBucketConfiguration: { LocationConstraint: settings.region as 'eu-west-1' } }
      : {}),
  };
  try {
    // In the oldest region AWS answers as if it had made a bucket that is ours already.
    await new S3Objects('', { client, settings } as S3Connection, bucket).check('', options);
    return false;
  } catch (error) {
    if (!isNoSuchBucket(error)) throw error;
  }
  try {
    await client.send(new CreateBucketCommand(input), abortOf(options));
    return true;
  } catch (error) {
    if (isOwnBucket(error)) return false;
    throw error;
  }
}

/** `init` of a store: with `createDatabase` the bucket, else only whether it is there. Lines of what was done. */
export async function initBucket(
  store: string,
  connection: S3Connection,
  how: CallOptions & { readonly createDatabase: boolean },
): Promise<readonly string[]> {
  const { bucket } = connection.settings;
  try {
    if (how.createDatabase) return (await makeBucket(connection, how)) ? [`made bucket ${bucket}`] : [];
    await new S3Objects(store, connection).check('', how);
    return [];
  } catch (error) {
    const wrapped = connection.error(error);
    if (isNoSuchBucket(error)) throw new StorageError('invalid', store, detailOf(wrapped), { cause: error });
    throw wrapped;
  }
}

export interface UnfinishedUpload {
  readonly key: string;
  readonly id: string;
  readonly since: Date;
}

/** Uploads in parts that were neither completed nor given up, of keys that begin with one of `prefixes`. */
export async function* unfinishedUploads(
  { client, settings }: S3Connection,
  prefixes: readonly string[],
  options?: CallOptions,
): AsyncGenerator<UnfinishedUpload> {
  // Not by Prefix: some servers compare it with names of their own. Test: conformance, leftovers.
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {};
  for (;;) {
    const page = await client.send(
      new ListMultipartUploadsCommand({ Bucket: settings.bucket, ...marker }),
      abortOf(options),
    );
    for (const { Key = '', UploadId = '', Initiated = new Date(0) } of page.Uploads ?? [])
      if (prefixes.some((prefix) => Key.startsWith(prefix)))
        yield { key: Key, id: UploadId, since: Initiated };
    const { NextKeyMarker, NextUploadIdMarker } = page;
    if (!page.IsTruncated || NextKeyMarker === undefined) return;
    marker = {
      KeyMarker: NextKeyMarker,
      ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}),
    };
  }
}

export async function giveUp(
  { client, settings }: S3Connection,
  { key, id }: UnfinishedUpload,
  options?: CallOptions,
): Promise<void> {
  await client.send(
    new AbortMultipartUploadCommand({ Bucket: settings.bucket, Key: key, UploadId: id }),
    abortOf(options),
  );
}

/** Keys to a batch of removals, and batches at once. */
const BATCH = 1000;
const BATCHES = 4;

/** Removes all keys that come; resolves with how many they were. */
export async function removeAll(
  objects: S3Objects,
  keys: AsyncIterable<string>,
  options?: CallOptions,
): Promise<number> {
  let removed = 0;
  let batches: string[][] = [[]];
  const flush = async (): Promise<void> => {
    const full = batches.filter((batch) => batch.length > 0);
    batches = [[]];
    await mapConcurrent(full, BATCHES, (batch) => objects.removeMany(batch, options));
    removed += full.reduce((sum, batch) => sum + batch.length, 0);
  };
  for await (const key of keys) {
    batches.at(-1)?.push(key);
    if (batches.at(-1)?.length === BATCH) batches.push([]);
    if (batches.length > BATCHES) await flush();
  }
  await flush();
  return removed;
}

/** Removes everything whose key begins with one of `prefixes`, unfinished uploads too. */
export async function emptyPrefixes(
  connection: S3Connection,
  objects: S3Objects,
  prefixes: readonly string[],
  options?: CallOptions,
): Promise<number> {
  const uploads: UnfinishedUpload[] = [];
  for await (const upload of unfinishedUploads(connection, prefixes, options)) uploads.push(upload);
  await mapConcurrent(uploads, BATCHES, (upload) => giveUp(connection, upload, options));
  let removed = uploads.length;
  for (const prefix of prefixes)
    removed += await removeAll(objects, keysBelow(objects, prefix, options), options);
  return removed;
}

async function* keysBelow(
  objects: S3Objects,
  prefix: string,
  options: CallOptions | undefined,
): AsyncGenerator<string> {
  for await (const { key } of objects.list(prefix, options)) yield key;
}
