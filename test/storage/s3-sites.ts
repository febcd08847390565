/** Buckets and stores of one test on the S3 servers that run; they end with the test. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, onTestFinished } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { openS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.ts';
import { s3StorageSchema } from '../../src/storage/s3/settings.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import {
  makeTestBucket,
  missingServer,
  removeTestBucket,
  S3_SERVERS,
  type S3Server,
  s3Options,
  s3Settings,
} from '../build/s3-buckets.ts';

/** Declares the tests once for each server; where it does not run they are skipped, and say why. */
export function onEachS3Server(declare: (server: S3Server) => void): void {
  for (const server of S3_SERVERS) {
    const missing = missingServer(server);
    describe.skipIf(missing !== undefined)(missing ? `${server} (skipped: ${missing})` : server, () =>
      declare(server),
    );
  }
}

export async function newBucket(server: S3Server): Promise<string> {
  const bucket = await makeTestBucket(server);
  onTestFinished(() => removeTestBucket(server, bucket));
  return bucket;
}

export async function openStore(
  server: S3Server,
  bucket: string,
  options: Readonly<Record<string, string>>,
): Promise<S3Storage> {
  const settings = parseSettings(s3StorageSchema, { ...s3Options(server, bucket), ...options });
  const store = await openS3Storage('s3', settings, silentLog);
  onTestFinished(() => store.close());
  return store;
}

/** By another hand than the store's: text by key. */
export const putObjects = (
  server: S3Server,
  bucket: string,
  objects: Readonly<Record<string, string>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> =>
  withConnection(s3Settings(server, bucket), { store: 'test' }, async ({ client }) => {
    for (const [Key, text] of Object.entries(objects))
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key,
          Body: Buffer.from(text),
          ...(metadata ? { Metadata: metadata } : {}),
        }),
      );
  });
