import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { FakeStore, makeRaw, openBench, send, settingsOf, withFolder } from './harness.ts';

const down = (): StorageError => new StorageError('unavailable', 'fake', 'down');
const rounds = Number(process.env['KILL_ROUNDS'] ?? 10);

const boxesOf = (folder: string): Promise<string[]> => readdir(join(folder, 'spool', 'boxes'));

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A process that commits reports and prints their ids; it is killed when it has printed `count`. */
async function killedAfter(folder: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'committing-process.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ids: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    ids.push(line);
    if (ids.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  return ids;
}

/** Two at once take up what the dead left. Resolves with the names of the dumps of each crash. */
async function takeOver(folder: string): Promise<Map<CrashId, readonly string[]>> {
  const stored = new Map<CrashId, readonly string[]>();
  for (const { spool, store } of await Promise.all([openBench(folder), openBench(folder)])) {
    await spool.drain();
    await spool.close();
    for (const [id, { report, dumps }] of store.kept) {
      stored.set(id, Object.keys(dumps));
      for (const [name, bytes] of Object.entries(dumps)) {
        expect(bytes.equals(Buffer.alloc(bytes.length, id.charCodeAt(0)))).toBe(true);
        expect(bytes.length).toBe(Number(report.raw.annotations[name]));
      }
    }
  }
  return stored;
}

describe('several processes and one spool', () => {
  it(
    `kill -9: every id that was answered is stored (${rounds} rounds)`,
    { timeout: Math.max(600_000, rounds * 10_000) },
    () =>
      withFolder(async (folder) => {
        const answered = new Set<string>();
        const stored = new Map<CrashId, readonly string[]>();
        // Some children are killed before they have moved anything.
        await writeFile(join(folder, 'moved'), '');
        for (let i = 0; i < rounds; i += 1) {
          for (const id of await killedAfter(folder, 1 + Math.floor(Math.random() * 120))) answered.add(id);
          if (i % 3 !== 2 && i !== rounds - 1) continue;
          for (const [id, names] of await takeOver(folder)) stored.set(id, names);
        }
        // What the children stored themselves they printed to a file.
        // Not there when no child came so far as to move a report before it was killed.
        const moved = (await readFile(join(folder, 'moved'), 'utf8').catch(() => '')).split('\n');
        const missing = [...answered].filter((id) => !stored.has(id as CrashId) && !moved.includes(id));
        expect(answered.size).toBeGreaterThan(rounds);
        expect(missing).toEqual([]);
        // What was not answered may lack dumps; what was answered may not.
        for (const [id, names] of stored) if (answered.has(id)) expect(names).toEqual(['big', 'small']);
        expect(await boxesOf(folder)).toEqual([]);
      }),
  );

  it('work side by side: neither touches what the other holds', () =>
    withFolder(async (folder) => {
      const stores = [new FakeStore(), new FakeStore()] as const;
      for (const store of stores) store.fail = down;
      const settings = settingsOf({ lease: '200ms' });
      const a = await openBench(folder, { store: stores[0], settings });
      const b = await openBench(folder, { store: stores[1], settings });
      const inA = await send(a.spool);
      const inB = await send(b.spool);
      // Long enough for both to have looked around.
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect([a.spool.has(inA.id), a.spool.has(inB.id)]).toEqual([true, false]);
      expect([b.spool.has(inA.id), b.spool.has(inB.id)]).toEqual([false, true]);
      for (const store of stores) store.fail = () => undefined;
      await Promise.all([a.spool.drain(), b.spool.drain()]);
      expect([...stores[0].kept.keys()]).toEqual([inA.id]);
      expect([...stores[1].kept.keys()]).toEqual([inB.id]);
      await Promise.all([a.spool.close(), b.spool.close()]);
      expect(await boxesOf(folder)).toEqual([]);
    }));

  it('a living one adopts what a closed one left', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const settings = settingsOf({ lease: '200ms' });
      const a = await openBench(folder, { store, settings });
      const b = await openBench(folder, { settings });
      const raw = await send(a.spool, makeRaw(), { dump: randomBytes(100_000) });
      await a.spool.close();
      await until(() => b.store.kept.has(raw.id));
      await b.spool.close();
    }));

  it('knows a dead owner whose process id was given to another', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const a = await openBench(folder, { store });
      const leases = join(folder, 'spool', 'leases');
      const [mine] = await readdir(leases);
      const lease = JSON.parse(await readFile(join(leases, mine as string), 'utf8')) as { started: string };
      const raw = await send(a.spool);
      await a.spool.close();
      const [box] = await boxesOf(folder);
      const owner = join(leases, (box as string).split('@')[1] as string);
      // As it would look if this process were the dead one, and then as if it lived.
      for (const [started, entries] of [
        [lease.started, 0],
        ['1', 1],
      ] as const) {
        await writeFile(owner, JSON.stringify({ ...lease, started }));
        const b = await openBench(folder, { store });
        expect(b.spool.state().entries).toBe(entries);
        await b.spool.close();
      }
      expect(store.kept.has(raw.id)).toBe(false);
    }));

  it('a lease on another machine counts until it stands still', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const a = await openBench(folder, { store });
      const raw = await send(a.spool);
      await a.spool.close();
      const [box] = await boxesOf(folder);
      const lease = join(folder, 'spool', 'leases', (box as string).split('@')[1] as string);
      await writeFile(
        lease,
        JSON.stringify({ pid: 1, started: '1', host: 'x', machine: 'x', boot: 'x', pidNamespace: 'x' }),
      );
      const b = await openBench(folder, { settings: settingsOf({ lease: '400ms' }) });
      expect(b.spool.state().entries).toBe(0);
      for (let i = 0; i < 4; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await utimes(lease, new Date(), new Date());
      }
      expect(b.store.kept.size).toBe(0);
      await until(() => b.store.kept.has(raw.id));
      await b.spool.close();
    }));

  it('a process that was taken for dead does not answer, and begins anew', () =>
    withFolder(async (folder) => {
      const { spool, store } = await openBench(folder, { settings: settingsOf({ lease: '300ms' }) });
      store.fail = down;
      const before = await send(spool);
      const [lease] = await readdir(join(folder, 'spool', 'leases'));
      const [box] = await boxesOf(folder);
      const draft = spool.begin();
      // What an adopting process does, while this one stands still.
      await rm(join(folder, 'spool', 'leases', lease as string));
      await rename(join(folder, 'spool', 'boxes', box as string), join(folder, 'adopted'));
      const stillUntil = performance.now() + 200;
      while (performance.now() < stillUntil);
      await expect(draft.commit(makeRaw())).rejects.toMatchObject({ code: 'internal' });
      await until(async () => (await boxesOf(folder)).length === 1);
      await until(() => !spool.has(before.id));
      store.fail = () => undefined;
      const after = await send(spool);
      await spool.drain();
      expect([...store.kept.keys()]).toEqual([after.id]);
      await spool.close();
    }));

  it('erases in the boxes of others too', () =>
    withFolder(async (folder) => {
      const store = new FakeStore();
      store.fail = down;
      const a = await openBench(folder, { store });
      const b = await openBench(folder, { store });
      const [gone, stays] = [await send(a.spool), await send(a.spool)];
      expect(await b.spool.remove(gone.id)).toBe(true);
      expect(await b.spool.remove(makeRaw().id)).toBe(false);
      expect([a.spool.has(gone.id), a.spool.has(stays.id)]).toEqual([false, true]);
      expect(await readdir(join(folder, 'spool', 'erase'))).toEqual([]);
      await Promise.all([a.spool.close(), b.spool.close()]);
    }));

  it('leaves strangers in its folders alone', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'spool', 'boxes', 'lost+found'), { recursive: true });
      await mkdir(join(folder, 'spool', 'failed'), { recursive: true });
      await writeFile(join(folder, 'spool', 'failed', 'README'), 'hello');
      const { spool } = await openBench(folder);
      await send(spool);
      await spool.drain();
      expect(spool.state().failed).toBe(0);
      await spool.close();
      expect(await boxesOf(folder)).toEqual(['lost+found']);
    }));
});
