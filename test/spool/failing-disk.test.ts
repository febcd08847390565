import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapConcurrent } from '../../src/lib/concurrency.ts';
import { type Disk, type DiskFile, NodeDisk } from '../../src/lib/disk.ts';
import { type DiskStep, stepByStep } from '../../src/lib/disk-steps.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { FakeStore, makeRaw, openBench, send, settingsOf, withFolder } from './harness.ts';

/** Fails one operation, or all from one on until told otherwise. */
class FailingDisk implements Disk {
  readonly #inner = new NodeDisk();
  readonly #code: string;
  operations = 0;
  failFrom = Number.POSITIVE_INFINITY;
  failCount = 1;

  constructor(code: string) {
    this.#code = code;
  }

  #check(): void {
    this.operations += 1;
    if (this.operations < this.failFrom || this.operations >= this.failFrom + this.failCount) return;
    throw Object.assign(new Error(`${this.#code}: told to`), { code: this.#code });
  }

  async open(path: string, mode: 'create' | 'append'): Promise<DiskFile> {
    this.#check();
    const file = await this.#inner.open(path, mode);
    return {
      write: async (bytes) => {
        this.#check();
        await file.write(bytes);
      },
      sync: async () => {
        this.#check();
        await file.sync();
      },
      close: () => file.close(),
    };
  }
  async rename(from: string, to: string): Promise<void> {
    this.#check();
    await this.#inner.rename(from, to);
  }
  async link(from: string, to: string): Promise<void> {
    this.#check();
    await this.#inner.link(from, to);
  }
  async unlink(path: string): Promise<void> {
    this.#check();
    await this.#inner.unlink(path);
  }
  async makeFolder(path: string): Promise<boolean> {
    this.#check();
    return this.#inner.makeFolder(path);
  }
  async removeFolder(path: string): Promise<void> {
    this.#check();
    await this.#inner.removeFolder(path);
  }
  async syncFolder(path: string): Promise<void> {
    this.#check();
    await this.#inner.syncFolder(path);
  }
  series(steps: readonly DiskStep[]): Promise<void> {
    return stepByStep(this, steps);
  }
}

/** Reports are sent while the store is down and while it works. Returns how many operations it took. */
async function run(folder: string, disk: FailingDisk, failAfterOpen: number): Promise<number> {
  const store = new FakeStore();
  let isDown = true;
  store.fail = () => (isDown ? new StorageError('unavailable', 'fake', 'down') : undefined);
  const settings = settingsOf({ segment_size: '4kb', inline_dump: '1kb', move_concurrency: 2 });
  const { spool, queue } = await openBench(folder, { disk, store, settings });
  const opened = disk.operations;
  disk.failFrom = opened + failAfterOpen;
  const accepted: string[] = [];
  const refused: string[] = [];
  const upload = async (size: number): Promise<void> => {
    const raw = makeRaw({ Notes: 'x'.repeat(500) });
    try {
      await send(spool, raw, { a: randomBytes(100), b: randomBytes(size) });
      accepted.push(raw.id);
    } catch (error) {
      expect(error).toMatchObject({ name: 'SpoolError' });
      refused.push(raw.id);
    }
  };
  for (let i = 0; i < 3; i += 1) await Promise.all([upload(3000), upload(10), upload(70_000)]);
  isDown = false;
  await Promise.all([upload(3000), upload(10)]);
  await spool.drain().catch(() => undefined);
  disk.failCount = 0;
  await upload(5000);
  await spool.drain();
  expect(refused.length).toBeLessThanOrEqual(6);
  for (const id of accepted) expect([...store.kept.keys()]).toContain(id);
  for (const { dumps } of store.kept.values()) expect(Object.keys(dumps)).toEqual(['a', 'b']);
  expect(queue.tasks.filter((id) => refused.includes(id))).toEqual([]);
  const operations = disk.operations - opened;
  await spool.close();
  const left = await readdir(join(folder, 'spool', 'boxes'));
  expect(left).toEqual([]);
  return operations;
}

describe('a disk operation that fails', () => {
  it.each(['ENOSPC', 'EIO'])(
    '(%s) at any place costs at most the reports it belonged to',
    { timeout: 120_000 },
    async (code) => {
      const count = await withFolder((folder) =>
        run(folder, new FailingDisk(code), Number.POSITIVE_INFINITY),
      );
      expect(count).toBeGreaterThan(50);
      const places = Array.from({ length: count }, (_, i) => i + 1);
      await mapConcurrent(places, 6, (at) => withFolder((folder) => run(folder, new FailingDisk(code), at)));
    },
  );
});
