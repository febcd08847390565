/** Buckets of the tests' own on the S3 servers that are running. */
import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import { parseSettings } from '../../src/lib/settings.ts';
import { emptyPrefixes } from '../../src/storage/s3-client/bucket-upkeep.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import { S3Objects } from '../../src/storage/s3-client/objects.ts';
import { type S3Settings, s3Schema } from '../../src/storage/s3-client/settings.ts';
import { engine } from './engines.ts';

export const S3_SERVERS = ['versitygw', 'swift'] as const;
export type S3Server = (typeof S3_SERVERS)[number];

/** Why tests on this server cannot run here. */
export const missingServer = (server: S3Server): string | undefined => {
  const state = engine(server);
  return 'missing' in state ? state.missing : undefined;
};

/** Text settings of a store in `bucket`. */
export function s3Options(server: S3Server, bucket: string): Readonly<Record<string, string>> {
  const state = engine(server);
  if ('missing' in state) throw new Error(state.missing);
  return {
    bucket,
    endpoint: state.url,
    access_key: state.accessKey ?? '',
    secret_key: state.secretKey ?? '',
    // Swift knows none of the newer checksums.
    checksums: server === 'swift' ? 'required' : 'supported',
  };
}

export const s3Settings = (server: S3Server, bucket: string): S3Settings =>
  parseSettings(s3Schema, s3Options(server, bucket));

export const newBucketName = (): string => `auxilio-${randomBytes(6).toString('hex')}`;

const owner = { store: 'test' };

/** A bucket that nobody else has. */
export async function makeTestBucket(server: S3Server): Promise<string> {
  const bucket = newBucketName();
  await withConnection(s3Settings(server, bucket), owner, ({ client }) =>
    client.send(new CreateBucketCommand({ Bucket: bucket })),
  );
  return bucket;
}

export async function removeTestBucket(server: S3Server, bucket: string): Promise<void> {
  await withConnection(s3Settings(server, bucket), owner, async (connection) => {
    await emptyPrefixes(connection, new S3Objects('test', connection), ['']);
    await connection.client.send(new DeleteBucketCommand({ Bucket: bucket }));
  });
}

/** Everything in the bucket, by key; unfinished uploads are not objects. */
export async function keysIn(server: S3Server, bucket: string): Promise<readonly string[]> {
  return withConnection(s3Settings(server, bucket), owner, async (connection) => {
    const keys: string[] = [];
    for await (const { key } of new S3Objects('test', connection).list('')) keys.push(key);
    return keys;
  });
}
