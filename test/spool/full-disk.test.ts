import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawCrash } from '../../src/model/report.ts';
import type { Spool } from '../../src/spool/contract.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { FakeStore, makeRaw, openBench, send, settingsOf, withFolder } from './harness.ts';

const MIB = 1024 ** 2;
const mountPoint = mkdtempSync(join(tmpdir(), 'spool-full-'));

function tryMount(): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mountPoint], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    rmSync(mountPoint, { recursive: true });
    return error instanceof Error ? error.message.trim().replaceAll('\n', ' ') : String(error);
  }
}

const refusal = tryMount();
afterAll(() => {
  if (refusal !== undefined) return;
  execFileSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true });
});

const free = async (): Promise<number> => {
  const { bavail, bsize } = await statfs(mountPoint);
  return bavail * bsize;
};
const ballast = join(mountPoint, 'ballast');
const leave = async (bytes: number): Promise<void> =>
  writeFile(ballast, Buffer.alloc((await free()) - bytes));

/** Writes a dump until the spool says that it is full; undefined when it never does. */
async function fill(spool: Spool, size: number, raw: RawCrash = makeRaw()): Promise<'whole' | 'annotations'> {
  const draft = spool.begin();
  const sink = draft.addDump('upload_file_minidump');
  try {
    for (let at = 0; at < size; at += 65_536) await sink.write(randomBytes(Math.min(65_536, size - at)));
    await sink.finish();
    await draft.commit(raw);
    return 'whole';
  } catch (error) {
    expect(error).toMatchObject({ code: 'full' });
    await draft.dropDumps();
    await draft.commit(raw);
    return 'annotations';
  }
}

describe(refusal === undefined ? 'a full disk' : `a full disk (skipped: no tmpfs here: ${refusal})`, () => {
  const data = join(mountPoint, 'data');
  let store: FakeStore;
  let spool: Spool;
  const open = async (settings: Parameters<typeof settingsOf>[0]): Promise<void> => {
    ({ spool } = await openBench(data, { store, settings: settingsOf(settings) }));
  };

  beforeEach(() => {
    if (refusal === undefined) mkdirSync(data);
    store = new FakeStore();
    store.fail = () => new StorageError('full', 'fake', 'full');
  });
  afterEach(async () => {
    if (refusal !== undefined) return;
    await spool.close();
    await rm(data, { recursive: true });
    await rm(ballast, { force: true });
  });

  it.skipIf(refusal)(
    'below the reserve takes annotations, below the floor nothing, and recovers',
    async () => {
      await open({ reserve: 4 * MIB, floor: MIB });
      const whole = makeRaw();
      expect(await fill(spool, 1_000_000, whole)).toBe('whole');
      await leave(3 * MIB);
      await spool.health();
      expect(spool.state().room).toBe('annotations_only');
      const without = makeRaw();
      expect(await fill(spool, 1_000_000, without)).toBe('annotations');
      await rm(ballast);
      await leave(0.5 * MIB);
      await expect(spool.health()).rejects.toMatchObject({ code: 'full' });
      expect(spool.state().room).toBe('full');
      await expect(send(spool, makeRaw(), {})).rejects.toMatchObject({ code: 'full' });
      await rm(ballast);
      await spool.health();
      const later = makeRaw();
      expect(await fill(spool, 1_000_000, later)).toBe('whole');
      store.fail = () => undefined;
      await spool.drain();
      expect([...store.kept.keys()].sort()).toEqual([whole.id, without.id, later.id].sort());
      expect(store.kept.get(without.id)?.dumps).toEqual({});
    },
  );

  it.skipIf(refusal)('notices a disk that fills up during one dump', async () => {
    await open({ reserve: 2 * MIB, floor: 0 });
    expect(await fill(spool, 20 * MIB)).toBe('annotations');
    expect(await free()).toBeGreaterThan(6 * MIB);
  });

  it.skipIf(refusal)('without any reserve: nothing is half written, and all of it comes back', async () => {
    await open({ reserve: 0, floor: 0, inline_dump: 0 });
    const accepted: string[] = [];
    let refused = 0;
    const upload = async (size: number): Promise<void> => {
      const raw = makeRaw({ Notes: 'n'.repeat(3000) });
      try {
        await fill(spool, size, raw);
        accepted.push(raw.id);
      } catch (error) {
        expect(error).toMatchObject({ code: 'full' });
        refused += 1;
      }
    };
    for (let i = 0; i < 30; i += 1) await Promise.all([upload(500_000), upload(70_000), upload(0)]);
    await leave(0);
    for (let i = 0; i < 20; i += 1) await Promise.all([upload(0), upload(1000), upload(70_000)]);
    expect(refused).toBeGreaterThan(20);
    expect(accepted.length).toBeGreaterThan(10);
    // Emptied without a byte to write marks in: whole segments go.
    store.fail = () => undefined;
    await spool.drain();
    expect([...store.kept.keys()].sort()).toEqual(accepted.sort());
    await rm(ballast);
    await upload(70_000);
    await spool.drain();
    expect(store.kept.size).toBe(accepted.length);
    await spool.close();
    const { spool: next, store: found } = await openBench(data);
    await next.drain();
    // Refused ones whose record could not be voided may come back; accepted ones were stored already.
    expect([...found.kept.keys()].filter((id) => accepted.includes(id))).toEqual([]);
    await next.close();
    expect((await readdir(join(data, 'spool', 'boxes'))).length).toBe(0);
  });

  it.skipIf(refusal)('keeps what waits over a restart on a disk without room', async () => {
    await open({ reserve: 0, floor: 0 });
    const dump = randomBytes(300_000);
    const raw = await send(spool, makeRaw(), { dump });
    await spool.close();
    await leave(64 * 1024);
    const next = await openBench(data, { settings: settingsOf({ reserve: 0, floor: 0 }) });
    await next.spool.drain();
    expect(next.store.kept.get(raw.id)?.dumps).toEqual({ dump });
    await next.spool.close();
  });
});

describe('a disk that fails', () => {
  it('as a floor above its size: refuses everything with full', () =>
    withFolder(async (folder) => {
      const { spool } = await openBench(folder, { settings: settingsOf({ floor: 2 ** 60 }) });
      await expect(spool.health()).rejects.toMatchObject({ code: 'full' });
      await expect(send(spool, makeRaw(), {})).rejects.toMatchObject({ code: 'full' });
      await spool.close();
    }));
});
