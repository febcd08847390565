import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { openS3Storage } from '../../src/storage/s3/s3-storage.ts';
import { s3StorageSchema } from '../../src/storage/s3/settings.ts';
import { makeTestBucket, removeTestBucket, type S3Server, s3Options } from '../../test/build/s3-buckets.ts';
import { annotations, type Contender, newId, type Place, type Subject } from './subject.ts';

/** The SDK as its documentation sets it up; as many sockets as the store has. */
function bare(place: Place, dump: Buffer): Contender {
  const sockets = { keepAlive: true, maxSockets: 64 };
  const client = new S3Client({
    endpoint: String(place['endpoint']),
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: String(place['access_key']), secretAccessKey: String(place['secret_key']) },
    requestHandler: { httpAgent: sockets, httpsAgent: sockets },
    ...(place['checksums'] === 'required' ? { requestChecksumCalculation: 'WHEN_REQUIRED' } : {}),
  });
  const Bucket = String(place['bucket']);
  const put = (Key: string, Body: Buffer | string) =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body,
        Metadata: { sha256: createHash('sha256').update(Body).digest('hex') },
      }),
    );
  const get = async (Key: string): Promise<number> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToByteArray())?.length ?? 0;
  };
  return {
    async write() {
      const id = newId();
      // Whether an earlier report of this id had other dumps.
      await get(`v1/dump_names/${id}`).catch((error: unknown) => {
        if (!(error instanceof NoSuchKey)) throw error;
      });
      await put(`v1/dump_names/${id}`, '["upload_file_minidump"]');
      await put(`v1/dump/${id}`, dump);
      await put(`v1/raw_crash/${id}`, JSON.stringify(annotations));
      return id;
    },
    async read(id) {
      await get(`v1/raw_crash/${id}`);
      await get(`v1/raw_crash/${id}`);
      await client.send(new HeadObjectCommand({ Bucket, Key: `v1/dump/${id}` }));
      return get(`v1/dump/${id}`);
    },
    close: async () => client.destroy(),
  };
}

export const s3 = (engine: S3Server): Subject => ({
  engine,
  dumps: true,
  async prepare() {
    return { ...s3Options(engine, await makeTestBucket(engine)), layout: 'v1' };
  },
  remove: (place) => removeTestBucket(engine, String(place['bucket'])),
  open: (place) => openS3Storage('bench', parseSettings(s3StorageSchema, { ...place }), silentLog),
  bare: async (place, dump) => bare(place, dump),
});
