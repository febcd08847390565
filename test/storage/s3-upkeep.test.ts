/** Making buckets, sweeping what broken writes left, emptying: on real servers. */

import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { collect, processedCrash, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import type { Backend } from '../../src/storage/definition.ts';
import s3 from '../../src/storage/s3/index.ts';
import { unfinishedUploads } from '../../src/storage/s3-client/bucket-upkeep.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import telemetry from '../../src/storage/telemetry/index.ts';
import type { Upkeep } from '../../src/storage/upkeep.ts';
import { leafContext } from '../build/leaf.ts';
import {
  keysIn,
  newBucketName,
  removeTestBucket,
  type S3Server,
  s3Options,
  s3Settings,
} from '../build/s3-buckets.ts';
import { newBucket, onEachS3Server, putObjects } from './s3-sites.ts';

const context = leafContext('crashes');

const upkeepOf = ({ upkeep }: Backend): Required<Upkeep<Readonly<Record<string, unknown>>>> =>
  upkeep as Required<Upkeep<Readonly<Record<string, unknown>>>>;

async function open(backend: Backend, options: Readonly<Record<string, string>>): Promise<FullStore> {
  const store = (await backend.open(options, context)) as FullStore;
  onTestFinished(() => store.close());
  return store;
}

const within = <T>(server: S3Server, bucket: string, work: Parameters<typeof withConnection<T>>[2]) =>
  withConnection(s3Settings(server, bucket), { store: 'test' }, work);

/** An upload that nobody completes. */
const startUpload = (server: S3Server, bucket: string, Key: string): Promise<void> =>
  within(server, bucket, async ({ client }) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    await client.send(
      new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber: 1, Body: Buffer.from('part') }),
    );
  });

const uploadsIn = (server: S3Server, bucket: string): Promise<readonly string[]> =>
  within(server, bucket, async (connection) =>
    (await collect(unfinishedUploads(connection, ['']))).map(({ key }) => key).sort(),
  );

onEachS3Server((server) => {
  it('init makes the bucket when asked to, once, also when two do it at once', async () => {
    const options = s3Options(server, newBucketName());
    const { init } = upkeepOf(s3);
    await expect(init(options, context, { createDatabase: false })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('run: auxilio store init crashes --create-database'),
    });
    onTestFinished(() => removeTestBucket(server, String(options['bucket'])));
    const both = await Promise.all([
      init(options, context, { createDatabase: true }),
      init(options, context, { createDatabase: true }),
    ]);
    expect(both.flat()).toContain(`made bucket ${options['bucket']}`);
    expect(await init(options, context, { createDatabase: true })).toEqual([]);
    expect(await init(options, context, { createDatabase: false })).toEqual([]);
    await upkeepOf(telemetry).init(options, context, { createDatabase: true });
    await open(s3, options);
  });

  it.each(['v1', 'v2', 'simple-date'])('sweep finds what no report has, layout=%s', async (layout) => {
    const bucket = await newBucket(server);
    const options = { ...s3Options(server, bucket), layout, prefix: 'p' };
    const store = await open(s3, options);
    const raws = Array.from({ length: 3 }, () => rawCrash());
    for (const raw of raws)
      await store.saveReport(report(raw, textDump('upload_file_minidump', 'x'), textDump('log', 'y')));
    const [kept] = raws as [ReturnType<typeof rawCrash>];
    await store.saveProcessed(kept, processedCrash(kept.id));
    const lone = createCrashId(new Date('2026-11-21T12:00:00Z'));
    await store.saveProcessed(rawCrash({}, lone), processedCrash(lone));
    await store.putBlob('dump/blob', textDump('b', 'z'));
    const whole = await keysIn(server, bucket);
    const orphan = createCrashId(new Date('2026-11-21T12:00:00Z'));
    const day = layout === 'simple-date' ? '20261121/' : '';
    const left = ['dump', 'dump_names', 'memory'].map((thing) => `p/v1/${thing}/${day}${orphan}`);
    // What is of another layout, another store or nobody is nothing to this one.
    const others = [
      `v1/dump/${day}${orphan}`,
      `p/v1/dump/${layout === 'simple-date' ? '' : '20261121/'}${orphan}`,
      'p/v1/dump/readme.txt',
      `p/v1/crash_report/20261121/${orphan}`,
    ];
    await putObjects(server, bucket, Object.fromEntries([...left, ...others].map((key) => [key, 'left'])));
    await startUpload(server, bucket, `p/v1/dump/${day}${orphan}`);
    await startUpload(server, bucket, 'p/blobs/half');
    await startUpload(server, bucket, 'elsewhere/half');
    const { sweep } = upkeepOf(s3);
    expect(await sweep(options, context, { olderThanMs: 3_600_000, dryRun: false })).toEqual({
      found: 0,
      bytes: 0,
      removed: 0,
    });
    const all = { olderThanMs: -60_000 };
    expect(await sweep(options, context, { ...all, dryRun: true })).toEqual({
      found: 5,
      bytes: 12,
      removed: 0,
    });
    expect(await sweep(options, context, { ...all, dryRun: false })).toEqual({
      found: 5,
      bytes: 12,
      removed: 5,
    });
    expect(await keysIn(server, bucket)).toEqual([...whole, ...others].sort());
    expect(await uploadsIn(server, bucket)).toEqual(['elsewhere/half']);
  });

  it('a bucket that is opened with v1 where it is v2 loses nothing to a sweep', async () => {
    const bucket = await newBucket(server);
    const store = await open(s3, { ...s3Options(server, bucket), layout: 'v2' });
    await store.saveReport(report(rawCrash(), textDump('upload_file_minidump', 'x')));
    const before = await keysIn(server, bucket);
    const options = { ...s3Options(server, bucket), layout: 'v1' };
    const swept = await upkeepOf(s3).sweep(options, context, { olderThanMs: -60_000, dryRun: false });
    expect(swept.found).toBe(0);
    expect(await keysIn(server, bucket)).toEqual(before);
  });

  it('wipe takes all of this store and nothing of others', async () => {
    const bucket = await newBucket(server);
    const options = { ...s3Options(server, bucket), prefix: 'p' };
    const [store, documents] = [await open(s3, options), await open(telemetry, options)];
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('a b', 'x')));
    await store.saveProcessed(raw, processedCrash(raw.id));
    await store.putBlob('k', textDump('k', 'x'));
    await documents.saveProcessed(raw, processedCrash(raw.id));
    await putObjects(server, bucket, { 'p/readme': 'left', 'v1/raw_crash/other': 'left' });
    const document = `p/v1/crash_report/20261121/${raw.id}`;
    expect(await upkeepOf(s3).wipe(options, context, {})).toEqual([
      `removed 5 objects from bucket ${bucket}`,
    ]);
    expect(await keysIn(server, bucket)).toEqual(['p/readme', document, 'v1/raw_crash/other']);
    expect(await upkeepOf(s3).wipe(options, context, {})).toEqual([]);
    expect(await upkeepOf(telemetry).wipe(options, context, {})).toEqual([
      `removed 1 documents from bucket ${bucket}`,
    ]);
    expect(await keysIn(server, bucket)).toEqual(['p/readme', 'v1/raw_crash/other']);
    await store.saveReport(report(raw));
  });
});
