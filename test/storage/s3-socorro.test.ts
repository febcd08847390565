/** A bucket that Socorro wrote is read, and what is written it can read: the exact keys and bytes. */

import { expect, it } from 'vitest';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import {
  bytesOf,
  collect,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import type { CrashStorage } from '../../src/storage/contract.ts';
import type { S3Storage } from '../../src/storage/s3/s3-storage.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import { S3Objects } from '../../src/storage/s3-client/objects.ts';
import { keysIn, type S3Server, s3Settings } from '../build/s3-buckets.ts';
import { newBucket, onEachS3Server, openStore, putObjects } from './s3-sites.ts';

const day = '2026-11-21';
const newId = (): CrashId => createCrashId(new Date(`${day}T12:00:00Z`));

const get = (server: S3Server, bucket: string, key: string): Promise<string | undefined> =>
  withConnection(s3Settings(server, bucket), { store: 'test' }, async (connection) =>
    (await new S3Objects('test', connection).read(key))?.toString(),
  );

/** What Socorro's crash mover of 2018 saves. */
const socorroRaw = JSON.stringify({
  ProductName: 'Firefox',
  Version: '60.0',
  legacy_processing: 0,
  submitted_timestamp: '2018-06-02T10:00:00.123456+00:00',
  timestamp: 1527933600.5,
  dump_checksums: { upload_file_minidump: 'd41d8cd98f00b204e9800998ecf8427e' },
});

onEachS3Server((server) => {
  it.each([
    ['v1', false],
    ['v2', false],
    // The gateway keeps objects as files and drops the slash.
    ...(server === 'swift' ? ([['v2', true]] as const) : []),
  ] as const)('reads a bucket of 2018: layout=%s leading_slash=%s', async (layout, slash) => {
    const [bucket, id, old] = [await newBucket(server), newId(), newId()];
    const root = slash ? '/' : '';
    const rawKey = layout === 'v2' ? `v2/raw_crash/${id.slice(0, 3)}/20261121/${id}` : `v1/raw_crash/${id}`;
    await putObjects(server, bucket, {
      [`${root}${rawKey}`]: socorroRaw,
      [`${root}v1/dump_names/${id}`]: '["upload_file_minidump", "upload_file_minidump_browser"]',
      [`${root}v1/dump/${id}`]: 'MDMP main',
      [`${root}v1/upload_file_minidump_browser/${id}`]: 'MDMP browser',
      [`${root}v1/processed_crash/${id}`]: `{"uuid": "${id}", "signature": "a | b"}`,
      [`${root}v1/raw_crash/${old}`]: socorroRaw,
      [`${root}v1/dump_names/${old}`]: '[]',
    });
    const store = await openStore(server, bucket, { layout, leading_slash: String(slash) });
    const raw = await store.readRaw(id);
    expect(raw.annotations).toMatchObject({ ProductName: 'Firefox', Version: '60.0' });
    expect(raw.receivedAt).toBe('2018-06-02T10:00:00.123Z');
    expect(await store.listDumps(id)).toEqual([
      { name: 'upload_file_minidump', size: 9 },
      { name: 'upload_file_minidump_browser', size: 12 },
    ]);
    expect((await bytesOf(await store.readDump(id, 'upload_file_minidump'))).toString()).toBe('MDMP main');
    expect(await store.readProcessed(id)).toEqual({ id, signature: 'a | b' });
    expect((await store.readRaw(old)).annotations).toEqual(raw.annotations);
    expect(await store.listDumps(old)).toEqual([]);
    if (layout === 'v2') {
      const dated = store as CrashStorage<'list'> & S3Storage;
      expect(await collect(dated.list(day))).toEqual([id]);
      expect(await collect(dated.list('2026-11-20'))).toEqual([]);
    }
    expect(await store.remove(id)).toBe(true);
    expect(await store.remove(old)).toBe(true);
    expect(await keysIn(server, bucket)).toEqual([]);
  });

  it('writes keys and JSON that Socorro reads', async () => {
    const bucket = await newBucket(server);
    const store = await openStore(server, bucket, { layout: 'v2', leading_slash: 'false' });
    const raw = rawCrash({ ProductName: 'Firefox' }, newId());
    const { id } = raw;
    await store.saveReport(
      report(raw, textDump('upload_file_minidump', 'MDMP'), textDump('raw_crash', 'mine')),
    );
    await store.saveProcessed(raw, processedCrash(id));
    expect(await keysIn(server, bucket)).toEqual(
      [
        `v1/%72aw_crash/${id}`,
        `v1/dump/${id}`,
        `v1/dump_names/${id}`,
        `v1/processed_crash/${id}`,
        `v2/raw_crash/${id.slice(0, 3)}/20261121/${id}`,
      ].sort(),
    );
    const json = JSON.parse(
      (await get(server, bucket, `v2/raw_crash/${id.slice(0, 3)}/20261121/${id}`)) ?? '',
    ) as Record<string, unknown>;
    expect(json).toMatchObject({
      ProductName: 'Firefox',
      uuid: id,
      metadata: { dump_checksums: { upload_file_minidump: textDump('', 'MDMP').sha256 } },
    });
    expect(JSON.parse((await get(server, bucket, `v1/dump_names/${id}`)) ?? '')).toEqual([
      'upload_file_minidump',
      'raw_crash',
    ]);
    expect(JSON.parse((await get(server, bucket, `v1/processed_crash/${id}`)) ?? '')).toMatchObject({
      uuid: id,
      signature: 'main | start',
    });
  });

  it('two stores with prefixes of their own share a bucket', async () => {
    const bucket = await newBucket(server);
    const [a, b] = [
      await openStore(server, bucket, { prefix: 'a' }),
      await openStore(server, bucket, { prefix: 'b' }),
    ];
    const raw = rawCrash();
    await a.saveReport(report(raw, textDump('core', 'x')));
    await a.putBlob('k', textDump('k', 'y'));
    await expect(b.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await collect(b.listBlobs(''))).toEqual([]);
    expect(await b.remove(raw.id)).toBe(false);
    expect(await a.remove(raw.id)).toBe(true);
  });

  it('a raw crash without its list of dumps is corrupt, and one with damaged JSON too; both can be removed', async () => {
    const [bucket, bare, broken] = [await newBucket(server), newId(), newId()];
    await putObjects(server, bucket, {
      [`v1/raw_crash/${bare}`]: socorroRaw,
      [`v1/raw_crash/${broken}`]: '{"Product',
      [`v1/dump/${broken}`]: 'MDMP',
    });
    const store = await openStore(server, bucket, { layout: 'v1' });
    await expect(store.listDumps(bare)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(store.readRaw(broken)).rejects.toMatchObject({ code: 'corrupt' });
    expect(await store.remove(bare)).toBe(true);
    expect(await store.remove(broken)).toBe(true);
    expect(await keysIn(server, bucket)).toEqual([]);
  });
});
