import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RawCrash } from '../../src/model/report.ts';
import { SpoolError } from '../../src/spool/contract.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { FakeStore, makeRaw, openBench, send, settingsOf, sha256, withFolder } from './harness.ts';

const filesUnder = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name));

const down = (): StorageError => new StorageError('unavailable', 'fake', 'down');

describe('the spool', () => {
  it('takes a report to store and queue, with checksums, and leaves nothing behind', () =>
    withFolder(async (folder) => {
      const { spool, store, queue } = await openBench(folder);
      const big = randomBytes(700_001);
      const small = randomBytes(300);
      const raw = await send(spool, makeRaw({ ProductName: 'ü', '1': 'x' }), {
        big,
        small,
        none: Buffer.alloc(0),
      });
      await spool.drain();
      const kept = store.kept.get(raw.id);
      expect(kept?.report.raw).toEqual(raw);
      expect(kept?.dumps).toEqual({ big, small, none: Buffer.alloc(0) });
      expect(kept?.report.dumps.map((d) => [d.name, d.size, d.sha256])).toEqual([
        ['big', big.length, sha256(big)],
        ['small', small.length, sha256(small)],
        ['none', 0, sha256(Buffer.alloc(0))],
      ]);
      expect(kept?.report.dumps[0]).toMatchObject({
        immutable: true,
        path: expect.stringContaining('dumps'),
      });
      expect(queue.tasks).toEqual([raw.id]);
      expect(spool.state()).toMatchObject({
        entries: 0,
        bytes: 0,
        oldest: null,
        failed: 0,
        waitingFor: null,
      });
      await spool.close();
      expect(await filesUnder(join(folder, 'spool'))).toEqual([]);
    }));

  it('does not queue a deferred crash', () =>
    withFolder(async (folder) => {
      const { spool, store, queue } = await openBench(folder);
      const raw = await send(spool, makeRaw({}, { outcome: 'deferred' }));
      await spool.drain();
      expect([...store.kept.keys()]).toEqual([raw.id]);
      expect(queue.calls).toBe(0);
      await spool.close();
    }));

  it('keeps the last of two dumps of a name, and drops what is dropped or not finished', () =>
    withFolder(async (folder) => {
      const { spool, store } = await openBench(folder);
      for (const size of [100, 300_000]) {
        const draft = spool.begin();
        const put = async (name: string, byte: number, end: 'finish' | 'drop' | 'leave'): Promise<void> => {
          const sink = draft.addDump(name);
          await sink.write(Buffer.alloc(size, byte));
          if (end !== 'leave') await sink[end]();
        };
        await put('a', 1, 'finish');
        await put('b', 2, 'finish');
        await put('a', 3, 'finish');
        await put('c', 4, 'drop');
        await put('d', 5, 'leave');
        expect(draft.dumpBytes).toBe(2 * size);
        const raw = makeRaw();
        await draft.commit(raw);
        await draft.abandon();
        await spool.drain();
        expect(store.kept.get(raw.id)?.dumps).toEqual({ a: Buffer.alloc(size, 3), b: Buffer.alloc(size, 2) });
      }
      await spool.close();
      expect(await filesUnder(join(folder, 'spool'))).toEqual([]);
    }));

  it('lets the later of two dumps of a name count once it is whole, both being written meanwhile', () =>
    withFolder(async (folder) => {
      const { spool, store } = await openBench(folder);
      for (const size of [100, 300_000, 3_000_000]) {
        const draft = spool.begin();
        const sinks = [1, 2, 3].map((byte) => ({
          sink: draft.addDump('a'),
          bytes: Buffer.alloc(size, byte),
        }));
        for (const { sink, bytes } of sinks) await sink.write(bytes);
        await sinks[0]?.sink.finish();
        await sinks[1]?.sink.finish();
        await sinks[2]?.sink.drop();
        expect(draft.dumpBytes).toBe(size);
        const raw = makeRaw();
        await draft.commit(raw);
        await spool.drain();
        expect(store.kept.get(raw.id)?.dumps).toEqual({ a: Buffer.alloc(size, 2) });
      }
      await spool.close();
      expect(await filesUnder(join(folder, 'spool'))).toEqual([]);
    }));

  it('forgets an abandoned draft', () =>
    withFolder(async (folder) => {
      const { spool } = await openBench(folder);
      const draft = spool.begin();
      const sink = draft.addDump('a');
      await sink.write(Buffer.alloc(1_000_000));
      await sink.finish();
      await draft.abandon();
      await draft.abandon();
      await expect(draft.commit(makeRaw())).rejects.toMatchObject({ code: 'closed' });
      expect((await filesUnder(join(folder, 'spool'))).filter((f) => f.includes('dumps'))).toEqual([]);
      await spool.close();
    }));

  it('finds what waits, and nothing else', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const { spool } = await openBench(folder, { store });
      const raw = await send(spool);
      expect(spool.has(raw.id)).toBe(true);
      expect(await spool.find(raw.id)).toEqual(raw);
      expect(spool.state()).toMatchObject({ entries: 1, oldest: expect.stringContaining('T') });
      expect(spool.has(makeRaw().id)).toBe(false);
      expect(await spool.find(makeRaw().id)).toBeUndefined();
      store.fail = () => undefined;
      await spool.drain();
      expect(spool.has(raw.id)).toBe(false);
      await spool.close();
    }));

  it('erases: what is removed is not stored', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const { spool, queue } = await openBench(folder, { store });
      const [gone, stays] = [await send(spool), await send(spool)];
      expect(await spool.remove(gone.id)).toBe(true);
      expect(await spool.remove(gone.id)).toBe(false);
      expect(spool.has(gone.id)).toBe(false);
      store.fail = () => undefined;
      await spool.drain();
      expect(queue.tasks).toEqual([stays.id]);
      expect([...store.kept.keys()]).toEqual([stays.id]);
      await spool.close();
    }));

  it('waits for a move in hand when it erases, and does not queue it', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      const gate = Promise.withResolvers<void>();
      store.gate = gate.promise;
      const { spool, queue } = await openBench(folder, { store });
      const raw = await send(spool);
      while (store.inHand === 0) await new Promise(setImmediate);
      const removed = spool.remove(raw.id);
      gate.resolve();
      expect(await removed).toBe(true);
      expect(queue.tasks).toEqual([]);
      expect(spool.has(raw.id)).toBe(false);
      await spool.close();
    }));

  it('leaves what waits to the next process, when it is closed', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const first = await openBench(folder, { store });
      const dump = randomBytes(200_000);
      const raws = await Promise.all(
        Array.from({ length: 20 }, () => send(first.spool, makeRaw(), { dump })),
      );
      await first.spool.close();
      await expect(first.spool.health()).rejects.toMatchObject({ code: 'closed' });
      expect(() => first.spool.begin()).toThrow(SpoolError);
      store.fail = () => undefined;
      const second = await openBench(folder, { store });
      await second.spool.drain();
      expect(second.queue.tasks.toSorted()).toEqual(raws.map((r) => r.id).sort());
      for (const raw of raws) {
        expect(store.kept.get(raw.id)?.report.raw).toEqual(raw);
        expect(store.kept.get(raw.id)?.dumps).toEqual({ dump });
      }
      await second.spool.close();
      expect(await filesUnder(join(folder, 'spool'))).toEqual([]);
    }));

  it('goes on in new segments, and removes each when it is done', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const { spool } = await openBench(folder, { store, settings: settingsOf({ segment_size: '20kb' }) });
      const raws: RawCrash[] = [];
      for (let i = 0; i < 100; i += 1) raws.push(await send(spool));
      const segments = (await filesUnder(join(folder, 'spool', 'boxes'))).filter((f) => f.endsWith('.log'));
      expect(segments.length).toBeGreaterThan(3);
      store.fail = () => undefined;
      await spool.drain();
      expect(store.kept.size).toBe(raws.length);
      const left = (await filesUnder(join(folder, 'spool', 'boxes'))).filter((f) => f.endsWith('.log'));
      expect(left.length).toBeLessThanOrEqual(1);
      await spool.close();
    }));

  it('writes nothing of a client into names of files', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const { spool } = await openBench(folder, { store });
      await send(spool, makeRaw(), { '../../x': randomBytes(100_000), 'a/b\0': randomBytes(100_000) });
      const names = (await readdir(folder, { recursive: true })).join('\n');
      expect(names).not.toMatch(/\/x|\.\.|a\/b/);
      await expect(readFile(join(folder, 'x'))).rejects.toThrow();
      await spool.close();
    }));
});
