/** Bytes that are not what they should be, reports that are replaced, and memory that stays within its budget. */

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  dumpOf,
  generatedDump,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import { dumpThing } from '../../src/storage/s3/keys.ts';
import type { S3Storage } from '../../src/storage/s3/s3-storage.ts';
import { ByteBudget } from '../../src/storage/s3-client/byte-budget.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import { S3Objects } from '../../src/storage/s3-client/objects.ts';
import { keysIn, type S3Server, s3Settings } from '../build/s3-buckets.ts';
import { newBucket, onEachS3Server, openStore, putObjects } from './s3-sites.ts';

const MIB = 1024 ** 2;

async function opened(
  server: S3Server,
  options: Readonly<Record<string, string>> = {},
): Promise<{ readonly store: S3Storage; readonly bucket: string }> {
  const bucket = await newBucket(server);
  return { store: await openStore(server, bucket, { layout: 'v1', ...options }), bucket };
}

onEachS3Server((server) => {
  it('other bytes than the SHA-256 says are corrupt', async () => {
    const { store, bucket } = await opened(server);
    const raw = rawCrash();
    const dump = textDump('core', 'right');
    await store.saveReport(report(raw, dump));
    await putObjects(server, bucket, { [`v1/core/${raw.id}`]: 'wrong' }, { sha256: dump.sha256 ?? '' });
    const read = await store.readDump(raw.id, 'core');
    await expect(bytesOf(read)).rejects.toMatchObject({ code: 'corrupt', name: 'StorageError' });
  });

  it('a large object is corrupt at the end of its stream, and not before', async () => {
    const { store, bucket } = await opened(server);
    const size = 4 * MIB;
    await store.putBlob('k', dumpOf('k', Buffer.alloc(size, 'a')));
    const other = Buffer.alloc(size, 'b').toString();
    await putObjects(
      server,
      bucket,
      { 'blobs/k': other },
      { sha256: dumpOf('k', Buffer.alloc(size, 'a')).sha256 ?? '' },
    );
    let read = 0;
    await expect(async () => {
      for await (const piece of await (await store.getBlob('k')).open()) read += (piece as Buffer).length;
    }).rejects.toMatchObject({ code: 'corrupt' });
    expect(read).toBeGreaterThan(size / 2);
  });

  it('bytes without a hash of their own are held against the raw crash', async () => {
    const { store, bucket } = await opened(server);
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'right')));
    await putObjects(server, bucket, { [`v1/core/${raw.id}`]: 'wrong' });
    await expect(bytesOf(await store.readDump(raw.id, 'core'))).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('a dump of another report with the same id is refused at once', async () => {
    const { store, bucket } = await opened(server);
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'mine')));
    await putObjects(
      server,
      bucket,
      { [`v1/core/${raw.id}`]: 'other' },
      { sha256: textDump('', 'other').sha256 ?? '' },
    );
    await expect(store.readDump(raw.id, 'core')).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('documents and blobs are held against their hashes too', async () => {
    const { store, bucket } = await opened(server);
    const raw = rawCrash();
    await store.saveReport(report(raw));
    await putObjects(server, bucket, { [`v1/raw_crash/${raw.id}`]: '{}' }, { sha256: 'ab'.repeat(32) });
    await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'corrupt' });
    await store.putBlob('k', textDump('k', 'x'));
    await putObjects(server, bucket, { 'blobs/k': 'y' }, { sha256: 'ab'.repeat(32) });
    await expect(bytesOf(await store.getBlob('k'))).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('a replaced report leaves no dump of the earlier one', async () => {
    const { store, bucket } = await opened(server);
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'x'), textDump('a/b', 'y')));
    await store.saveReport(report(raw, textDump('log', 'z')));
    expect(await keysIn(server, bucket)).toEqual(
      [`v1/dump_names/${raw.id}`, `v1/log/${raw.id}`, `v1/raw_crash/${raw.id}`].sort(),
    );
    expect((await store.listDumps(raw.id)).map(({ name }) => name)).toEqual(['log']);
  });

  it('dumps in parts: larger than one, exactly one, and small ones beside them', async () => {
    const { store, bucket } = await opened(server, { part_size: '5MB', buffers: '20MB' });
    const raw = rawCrash();
    const dumps = [12 * MIB, 10 * MIB, 5 * MIB, 5 * MIB + 1, 3 * MIB, 100].map((size, i) =>
      dumpOf(`dump ${i}`, randomBytes(size)),
    );
    await store.saveReport(report(raw, ...dumps));
    for (const { name, sha256, size } of dumps) {
      const read = await store.readDump(raw.id, name);
      expect(read).toMatchObject({ size, sha256 });
      expect((await bytesOf(read)).length).toBe(size);
    }
    const info = await withConnection(s3Settings(server, bucket), { store: 'test' }, (connection) =>
      new S3Objects('test', connection).head(`v1/${dumpThing('dump 0')}/${raw.id}`),
    );
    expect(info?.sha256).toBe(dumps[0]?.sha256);
  });

  it('many large dumps at once share the memory and all arrive', async () => {
    const { store } = await opened(server, { part_size: '5MB', buffers: '20MB' });
    const size = 11 * MIB;
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const raws = Array.from({ length: 4 }, () => rawCrash());
    const slow = generatedDump('core', size, function* () {
      for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
    });
    await Promise.all(raws.map((raw) => store.saveReport(report(raw, slow, textDump('log', 'x')))));
    for (const { id } of raws) expect((await store.readDump(id, 'core')).size).toBe(size);
  });

  it('a stream that is read when the store is closed ends as closed', async () => {
    const { store } = await opened(server);
    await store.putBlob('k', dumpOf('k', randomBytes(8 * MIB)));
    const stream = await (await store.getBlob('k')).open();
    await store.close();
    await expect(async () => {
      for await (const piece of stream) expect(piece).toBeDefined();
    }).rejects.toMatchObject({ code: 'closed' });
  });

  it('a stream whose signal aborts ends as aborted', async () => {
    const { store } = await opened(server);
    await store.putBlob('k', dumpOf('k', randomBytes(8 * MIB)));
    const stop = new AbortController();
    const stream = await (await store.getBlob('k')).open({ signal: stop.signal });
    await expect(async () => {
      for await (const piece of stream) {
        expect(piece).toBeDefined();
        stop.abort();
      }
    }).rejects.toMatchObject({ code: 'aborted' });
  });

  it('the handle of a dump that was removed is not_found', async () => {
    const { store } = await opened(server);
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'x')));
    const dump = await store.readDump(raw.id, 'core');
    await store.remove(raw.id);
    await expect(dump.open()).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('memory in hand', () => {
  it('is given in order, and never more than there is', async () => {
    const budget = new ByteBudget(10);
    const order: string[] = [];
    const first = await budget.take(6);
    const second = budget.take(6).then((release) => {
      order.push('second');
      return release;
    });
    const third = budget.take(1).then((release) => {
      order.push('third');
      return release;
    });
    await delay(5);
    expect(order).toEqual([]);
    first();
    first();
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
    (await budget.take(10))();
    await expect(budget.take(11)).rejects.toThrow(RangeError);
  });

  it('who aborts leaves the line to the others', async () => {
    const budget = new ByteBudget(10);
    const held = await budget.take(8);
    const stop = new AbortController();
    const waiting = budget.take(9, { signal: stop.signal });
    const behind = budget.take(2);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    (await behind)();
    held();
    (await budget.take(10))();
    await expect(budget.take(1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });
});
