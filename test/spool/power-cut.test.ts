import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapConcurrent } from '../../src/lib/concurrency.ts';
import type { Disk } from '../../src/lib/disk.ts';
import type { DiskOperations } from '../../src/lib/disk-operations.ts';
import { stepByStep } from '../../src/lib/disk-steps.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { PowerCutDisk, seededRandom } from '../build/power-cut-disk.ts';
import { FakeQueue, FakeStore, makeRaw, openBench, send, settingsOf, withFolder } from './harness.ts';

interface Sent {
  readonly raw: RawCrash;
  readonly dumps: Readonly<Record<string, Buffer>>;
}

/** Several at once, some with files, some in the journal; the store is down for a while; small segments. */
async function run(
  disk: PowerCutDisk,
  folder: string,
  sent: Map<string, Sent>,
  used: Disk = disk,
): Promise<FakeStore> {
  const store = new FakeStore();
  const queue = new FakeQueue();
  let isDown = true;
  let held = '';
  store.fail = (report) =>
    isDown || (report && report.raw.id === held) ? new StorageError('internal', 'fake', 'down') : undefined;
  // What the outside was promised, and what it was given: at every moment one of the two must hold each crash.
  const publish = queue.publish.bind(queue);
  queue.publish = async (task, lane) => {
    disk.mark(`queued ${task.crashId}`);
    await publish(task, lane);
  };
  const settings = settingsOf({ segment_size: '6kb', inline_dump: '1kb', move_concurrency: 3 });
  const { spool } = await openBench(folder, { disk: used, store, queue, settings });
  const upload = async (size: number): Promise<void> => {
    const raw = makeRaw({ ProductName: 'Test', Notes: 'x'.repeat(300) });
    const dumps: Record<string, Buffer> = { small: randomBytes(500) };
    if (size > 0) dumps['upload_file_minidump'] = randomBytes(size);
    sent.set(raw.id, { raw, dumps });
    await send(spool, raw, dumps);
    disk.mark(`answered ${raw.id}`);
  };
  await Promise.all([3000, 0, 70_000, 0, 1500].map(upload));
  await Promise.all([2000, 0, 0].map(upload));
  // One stays behind in a segment of which the others are done: their marks are written and their dumps unlinked.
  held = [...sent.keys()][0] as string;
  isDown = false;
  while (spool.state().entries > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  await spool.remove(makeRaw().id);
  held = '';
  await Promise.all([2000, 0, 3000].map(upload));
  await spool.drain();
  await spool.close();
  return store;
}

/** What a process finds that starts after the cut. */
async function recover(folder: string): Promise<FakeStore> {
  const { spool, store } = await openBench(folder);
  await spool.drain();
  await spool.close();
  return store;
}

function check(
  store: FakeStore,
  sent: ReadonlyMap<string, Sent>,
  marks: readonly string[],
  where: string,
): void {
  const queued = new Set(marks.filter((m) => m.startsWith('queued ')).map((m) => m.slice(7)));
  for (const mark of marks) {
    const id = mark.slice('answered '.length);
    if (!mark.startsWith('answered ') || queued.has(id)) continue;
    expect([...store.kept.keys()], `${where}: answered`).toContain(id);
  }
  const answered = new Set(marks.map((m) => m.replace('answered ', '')));
  for (const [id, { report, dumps }] of store.kept) {
    const { raw, dumps: original } = sent.get(id) as Sent;
    const isWhole = Object.keys(dumps).length === Object.keys(original).length;
    expect(report.raw.annotations, where).toEqual(raw.annotations);
    for (const [name, bytes] of Object.entries(dumps))
      expect(bytes.equals(original[name] as Buffer), where).toBe(true);
    if (answered.has(id)) expect(isWhole, `${where}: ${id} lost a dump`).toBe(true);
    expect(report.raw.metadata.outcome, where).toBe(isWhole ? 'accepted' : 'truncated');
  }
}

/** Cuts at every point, strictly and with chance. Rejects at the first fault. */
async function cutEverywhere(disk: PowerCutDisk, folder: string, sent: Map<string, Sent>): Promise<void> {
  const cuts = Array.from({ length: disk.events + 1 }, (_, point) => [
    { point, seed: undefined },
    { point, seed: point },
  ]).flat();
  await mapConcurrent(cuts, 4, async ({ point, seed }) => {
    const target = join(folder, `cut-${point}-${seed}`);
    await disk.materialise(point, target, { random: seed === undefined ? undefined : seededRandom(seed) });
    check(await recover(target), sent, disk.marksAt(point), `cut at ${point}, seed ${seed}`);
    await rm(target, { recursive: true });
  });
}

/** A spool that forgets to sync some of its files or folders. */
function forgetful(disk: PowerCutDisk, forgets: RegExp): Disk {
  const operations: DiskOperations = {
    open: async (path, mode) => {
      const file = await disk.open(path, mode);
      return {
        write: (bytes) => file.write(bytes),
        sync: async () => (forgets.test(path) ? undefined : file.sync()),
        close: () => file.close(),
      };
    },
    rename: (from, to) => disk.rename(from, to),
    link: (from, to) => disk.link(from, to),
    unlink: (path) => disk.unlink(path),
    makeFolder: (path, options) => disk.makeFolder(path, options),
    removeFolder: (path) => disk.removeFolder(path),
    syncFolder: async (path) => (forgets.test(`${path}/`) ? undefined : disk.syncFolder(path)),
  };
  return { ...operations, series: (steps) => stepByStep(operations, steps) };
}

describe('a power cut', () => {
  it('at any point loses no answered crash and shows none by halves', { timeout: 240_000 }, () =>
    withFolder(async (folder) => {
      const root = join(folder, 'disk');
      const disk = await PowerCutDisk.open(root);
      const sent = new Map<string, Sent>();
      const store = await run(disk, root, sent);
      expect(store.kept.size).toBe(sent.size);
      expect(disk.events).toBeGreaterThan(100);
      await cutEverywhere(disk, folder, sent);
    }),
  );

  it.each([
    ['the journal', /\.log$/],
    ['the names of journals', /boxes\/[^/]+\/$/],
    ['the dumps', /dumps\/\d+\/\d+$/],
    ['the names of dumps', /dumps\/\d+\/$/],
    ['the marks', /\.done$/],
  ])('would lose a crash if %s were not synced', { timeout: 240_000 }, (_, forgets) =>
    withFolder(async (folder) => {
      const root = join(folder, 'disk');
      const disk = await PowerCutDisk.open(root);
      const sent = new Map<string, Sent>();
      await run(disk, root, sent, forgetful(disk, forgets));
      await expect(cutEverywhere(disk, folder, sent)).rejects.toThrow(/lost a dump|answered|cut at \d+/);
    }),
  );

  it('during the recovery from a power cut loses nothing either', { timeout: 240_000 }, () =>
    withFolder(async (folder) => {
      const root = join(folder, 'disk');
      const disk = await PowerCutDisk.open(root);
      const sent = new Map<string, Sent>();
      await run(disk, root, sent);
      const middle = Math.floor(disk.events / 2);
      const marks = disk.marksAt(middle);
      await disk.materialise(middle, join(folder, 'first'));
      const second = await PowerCutDisk.open(join(folder, 'first'));
      const queue = new FakeQueue();
      const publish = queue.publish.bind(queue);
      queue.publish = async (task, lane) => {
        second.mark(`queued ${task.crashId}`);
        await publish(task, lane);
      };
      const { spool } = await openBench(join(folder, 'first'), { disk: second, queue });
      await spool.drain();
      await spool.close();
      for (let point = 0; point <= second.events; point += 1) {
        const target = join(folder, 'cut');
        await second.materialise(point, target, { random: point % 2 ? seededRandom(point) : undefined });
        const found = await recover(target);
        check(found, sent, [...marks, ...second.marksAt(point)], `second cut at ${point}`);
        await rm(target, { recursive: true });
      }
    }),
  );
});
