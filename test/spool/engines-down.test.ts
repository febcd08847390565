import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QueueError } from '../../src/queue/contract.ts';
import type { FailedReport, Spool } from '../../src/spool/contract.ts';
import { StorageError, type StorageErrorCode } from '../../src/storage/errors.ts';
import { FakeQueue, FakeStore, makeRaw, openBench, send, settingsOf, withFolder } from './harness.ts';

const storeError = (code: StorageErrorCode): StorageError => new StorageError(code, 'fake', 'told to');

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function failedOf(spool: Spool): Promise<FailedReport[]> {
  const reports: FailedReport[] = [];
  for await (const report of spool.listFailed()) reports.push(report);
  return reports;
}

describe('while engines are down', () => {
  it.each([
    ['the store', true, false],
    ['the queue', false, true],
    ['both', true, true],
  ])('%s: uploads are taken, nothing is lost, and nobody spins', (_, noStore, noQueue) =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      const queue = new FakeQueue();
      let isDown = true;
      store.fail = () => (isDown && noStore ? storeError('unavailable') : undefined);
      queue.fail = () => (isDown && noQueue ? new QueueError('unavailable', 'told to') : undefined);
      const settings = settingsOf({ move_concurrency: 8 });
      const { spool } = await openBench(folder, { store, queue, settings });
      const dump = randomBytes(100_000);
      const raws = [];
      for (let i = 0; i < 50; i += 1) raws.push(await send(spool, makeRaw(), { dump }));
      await until(() => spool.state().waitingFor !== null && store.healthCalls > 3);
      await spool.health();
      // One attempt for each that was in hand when it went down, then health checks only.
      expect(store.calls).toBeLessThanOrEqual(8);
      expect(spool.state()).toMatchObject({ entries: 50, waitingFor: expect.stringContaining('told to') });
      isDown = false;
      await spool.drain();
      expect(queue.tasks.toSorted()).toEqual(raws.map((r) => r.id).sort());
      for (const { id } of raws) {
        expect(store.kept.get(id)?.dumps).toEqual({ dump });
        expect(store.saves.get(id)).toBe(1);
      }
      expect(spool.state().waitingFor).toBeNull();
      await spool.close();
    }),
  );

  it('tries one entry at a time when health says yes and saving says no', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      let isDown = true;
      store.fail = (report) => (isDown && report ? storeError('full') : undefined);
      const { spool, queue } = await openBench(folder, { store, settings: settingsOf({ retry_max: '5ms' }) });
      await Promise.all(Array.from({ length: 30 }, () => send(spool)));
      await until(() => spool.state().waitingFor !== null && store.inHand === 0);
      const before = { calls: store.calls, health: store.healthCalls };
      await until(() => store.calls >= before.calls + 5);
      expect(store.calls - before.calls).toBeLessThanOrEqual(store.healthCalls - before.health + 1);
      isDown = false;
      await spool.drain();
      expect(new Set(queue.tasks).size).toBe(30);
      await spool.close();
    }));

  it('takes a wrong password for an outage, not for the fault of every crash', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      let isDown = true;
      store.fail = (report) => (isDown && report ? storeError('permission_denied') : undefined);
      const { spool, queue } = await openBench(folder, { store });
      await Promise.all(Array.from({ length: 30 }, () => send(spool)));
      await until(() => spool.state().waitingFor !== null);
      expect(spool.state()).toMatchObject({ entries: 30, failed: 0 });
      isDown = false;
      await spool.drain();
      expect(queue.tasks).toHaveLength(30);
      expect(await failedOf(spool)).toEqual([]);
      await spool.close();
    }));

  it('gives up waiting for a store that never answers, and tries again', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.gate = new Promise(() => undefined);
      const { spool, queue } = await openBench(folder, {
        store,
        settings: settingsOf({ move_timeout: '30ms' }),
      });
      const raw = await send(spool);
      await until(() => spool.state().waitingFor !== null);
      store.gate = undefined;
      await spool.drain();
      expect(queue.tasks).toEqual([raw.id]);
      await spool.close();
    }));

  it('holds many entries in little memory and moves the oldest first', { timeout: 120_000 }, () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = () => storeError('unavailable');
      const { spool } = await openBench(folder, { store });
      const annotations = { Big: 'x'.repeat(2000) };
      const order: string[] = [];
      const batch = async (): Promise<void> => {
        const raws = Array.from({ length: 500 }, () => makeRaw(annotations));
        order.push(...raws.map((r) => r.id));
        await Promise.all(raws.map((raw) => send(spool, raw, {})));
      };
      const heap = (): number => {
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
      };
      await batch();
      const before = heap();
      for (let i = 0; i < 99; i += 1) await batch();
      expect(spool.state().entries).toBe(50_000);
      // 2 kB of annotations each would be 100 MB; without --expose-gc some garbage is counted too.
      expect(heap() - before).toBeLessThan(60 * 1024 ** 2);
      const seen: string[] = [];
      store.saveReport = async ({ raw }) => {
        seen.push(raw.id);
      };
      store.fail = () => undefined;
      await spool.drain();
      expect(new Set(seen).size).toBe(50_000);
      const place = new Map(order.map((id, i) => [id, i]));
      const jumps = seen.map((id, i) => Math.abs((place.get(id) as number) - i));
      expect(Math.max(...jumps)).toBeLessThan(600);
      await spool.close();
    }),
  );
});

describe('a report that the store refuses', () => {
  it.each(['invalid', 'corrupt'] as const)(
    '(%s) is set aside, holds up nobody, and goes again on demand',
    (code) =>
      withFolder(async (folder) => {
        const store = new FakeStore();
        const poison = makeRaw();
        let isRefused = true;
        store.fail = (report) => (isRefused && report?.raw.id === poison.id ? storeError(code) : undefined);
        const { spool, queue } = await openBench(folder, { store });
        const dumps = { big: randomBytes(100_000), small: randomBytes(100) };
        await send(spool, poison, dumps);
        const others = [];
        for (let i = 0; i < 10; i += 1) others.push((await send(spool)).id);
        await spool.drain();
        expect(queue.tasks.toSorted()).toEqual(others.sort());
        const [failed, ...more] = await failedOf(spool);
        expect(more).toEqual([]);
        expect(failed).toMatchObject({ id: poison.id, reason: expect.stringContaining(code) });
        await until(() => spool.state().failed === 1);
        expect(await spool.retryFailed({ ids: [] })).toBe(0);
        isRefused = false;
        expect(await spool.retryFailed('all')).toBe(1);
        await spool.drain();
        expect(store.kept.get(poison.id)?.report.raw).toEqual(poison);
        expect(store.kept.get(poison.id)?.dumps).toEqual(dumps);
        expect(queue.tasks).toContain(poison.id);
        expect(await readdir(join(folder, 'spool', 'failed'))).toEqual([]);
        expect(spool.state().failed).toBe(0);
        await spool.close();
      }),
  );

  it('for a reason that could be either is set aside once others went through', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      const poison = makeRaw();
      store.fail = (report) => (report?.raw.id === poison.id ? new TypeError('a bug') : undefined);
      const { spool } = await openBench(folder, { store, settings: settingsOf({ retry_max: '10ms' }) });
      await send(spool, poison);
      await until(() => store.calls > 2);
      await send(spool);
      await spool.drain();
      expect((await failedOf(spool)).map((f) => f.id)).toEqual([poison.id]);
      await spool.close();
    }));

  it('is erased with the others', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = (report) => (report ? storeError('invalid') : undefined);
      const { spool } = await openBench(folder, { store });
      const raw = await send(spool, makeRaw(), { dump: randomBytes(100_000) });
      await spool.drain();
      expect(await spool.remove(raw.id)).toBe(true);
      expect(await readdir(join(folder, 'spool', 'failed'))).toEqual([]);
      expect(await spool.retryFailed('all')).toBe(0);
      await spool.close();
    }));

  it('survives a restart', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = (report) => (report ? storeError('invalid') : undefined);
      const first = await openBench(folder, { store });
      const raw = await send(first.spool, makeRaw(), { dump: randomBytes(100_000) });
      await first.spool.drain();
      await first.spool.close();
      const second = await openBench(folder);
      expect(second.spool.state().failed).toBe(1);
      expect(await second.spool.retryFailed({ ids: [raw.id] })).toBe(1);
      await second.spool.drain();
      expect(second.store.kept.get(raw.id)?.report.raw).toEqual(raw);
      await second.spool.close();
    }));
});
