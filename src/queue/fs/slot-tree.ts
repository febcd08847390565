/**
 * Files by time: `YYYYMMDD/HH/MM_SS.<writer>.<number>/`. Each writer has folders of its own, so it knows how many
 * entries they have: none gets more than 4,096, a full one is continued in the next number.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Disk, listFolder } from '../../lib/disk.ts';
import type { DiskStep } from '../../lib/disk-steps.ts';
import type { Timing } from '../timing.ts';

/** More entries make a folder slow on many file systems. */
export const MAX_ENTRIES = 4_096;
const SLOT_MS = 30_000;
/** How long after its time an empty folder is left alone: somebody may be about to write into it. */
const SETTLE_MS = 60_000;
/** A folder's mtime has the kernel's tick as resolution (4–10 ms; NFS: up to a second or two): nothing younger is cached. */
const MTIME_MS = 2_500;
/** Slots that are written to at the same time: those of retries spread over minutes. */
const MAX_OPEN_SLOTS = 64;

const DAY = /^\d{8}$/;
const HOUR = /^\d{2}$/;
const SLOT = /^(\d{2})_(\d{2})\.[0-9a-f]{8}\.[0-9a-z]{4,}$/;

export interface Slot {
  readonly path: string;
  /** Milliseconds since 1970 at which its time begins. */
  readonly from: number;
}

interface OpenSlot {
  readonly path: string;
  count: number;
  made: Promise<void>;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

export class SlotTree {
  readonly root: string;
  readonly #disk: Disk;
  readonly #timing: Timing;
  readonly #writer = randomBytes(4).toString('hex');
  readonly #open = new Map<number, OpenSlot>();
  readonly #counts = new Map<string, { readonly mtimeMs: number; readonly count: number }>();
  #number = 0;

  constructor(root: string, disk: Disk, timing: Timing) {
    this.root = root;
    this.#disk = disk;
    this.#timing = timing;
  }

  /**
   * Puts a file of time `time` in: `put` gets the path and says how the file is made or moved there. Durable when it
   * resolves. Rejects with ENOENT when a file is to be moved that is not there.
   */
  async place(time: number, file: string, put: (path: string) => DiskStep): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const slot = this.#reserve(time);
      try {
        await slot.made;
        return await this.#disk.series([put(join(slot.path, file)), { do: 'syncFolder', path: slot.path }]);
      } catch (error) {
        // An empty slot is removed by whoever reads the tree, at any moment before the file is in it.
        const wasRemoved = codeOf(error) === 'ENOENT' && !(await exists(slot.path));
        this.#close(slot);
        if (!wasRemoved || tries === 9) throw error;
      }
    }
  }

  /** Slots in the order of their time, up to `until`. Removes empty folders that are past use. */
  async *slots(until = Number.POSITIVE_INFINITY): AsyncGenerator<Slot> {
    for (const day of await this.#names(this.root, DAY)) {
      const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
      const dayFrom = Date.parse(`${date}T00:00:00Z`);
      if (Number.isNaN(dayFrom)) continue;
      if (dayFrom > until) return;
      const dayPath = join(this.root, day);
      for (const hour of await this.#names(dayPath, HOUR)) {
        const hourFrom = dayFrom + Number(hour) * 3_600_000;
        if (hourFrom > until) return;
        const hourPath = join(dayPath, hour);
        for (const name of await this.#names(hourPath, SLOT)) {
          const from = hourFrom + Number(name.slice(0, 2)) * 60_000 + Number(name.slice(3, 5)) * 1000;
          if (from > until) return;
          yield { path: join(hourPath, name), from };
        }
        await this.#tidy(hourPath, hourFrom + 3_600_000);
      }
      await this.#tidy(dayPath, dayFrom + 86_400_000);
    }
  }

  /** Names in a slot, sorted; hidden ones are the file system's own (`.nfs…`). An empty slot that is past use is removed. */
  async entries(slot: Slot): Promise<string[]> {
    const names = (await listFolder(slot.path)).filter((name) => !name.startsWith('.'));
    if (names.length === 0) await this.#tidy(slot.path, slot.from + SLOT_MS);
    return names.sort();
  }

  /** How many files there are. Costs one `stat` per slot that has not changed since it was counted. */
  async count(): Promise<number> {
    let total = 0;
    const seen = new Set<string>();
    for await (const { path } of this.slots()) {
      seen.add(path);
      total += await this.#countSlot(path);
    }
    for (const path of this.#counts.keys()) if (!seen.has(path)) this.#counts.delete(path);
    return total;
  }

  async #countSlot(path: string): Promise<number> {
    try {
      const { mtimeMs } = await stat(path);
      const known = this.#counts.get(path);
      if (known?.mtimeMs === mtimeMs) return known.count;
      const count = (await readdir(path)).filter((name) => !name.startsWith('.')).length;
      if (Math.abs(Date.now() - mtimeMs) > MTIME_MS) this.#counts.set(path, { mtimeMs, count });
      return count;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 0;
      throw error;
    }
  }

  #reserve(time: number): OpenSlot {
    const from = Math.floor(time / SLOT_MS) * SLOT_MS;
    const open = this.#open.get(from);
    if (open && open.count < MAX_ENTRIES) {
      open.count += 1;
      return open;
    }
    const path = this.#newPath(from);
    const made = this.#make(path);
    // Whoever reserved a place waits for it and sees the failure; the slot itself has no owner to tell.
    made.catch(() => undefined);
    const slot: OpenSlot = { path, count: 1, made };
    this.#open.delete(from);
    this.#open.set(from, slot);
    for (const key of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN_SLOTS) break;
      this.#open.delete(key);
    }
    return slot;
  }

  /** Numbers never come again, so a slot that was closed is never filled up a second time. */
  #newPath(from: number): string {
    const iso = new Date(from).toISOString();
    const number = this.#number.toString(36).padStart(4, '0');
    this.#number += 1;
    const slot = `${iso.slice(14, 16)}_${iso.slice(17, 19)}.${this.#writer}.${number}`;
    return join(this.root, iso.slice(0, 10).replaceAll('-', ''), iso.slice(11, 13), slot);
  }

  /** The folders above may be there and not yet durable, when another process has just made them. */
  async #make(path: string): Promise<void> {
    await this.#disk.makeFolder(path);
    await Promise.all(
      [dirname(path), dirname(dirname(path)), this.root].map((folder) => this.#disk.syncFolder(folder)),
    );
  }

  #close(slot: OpenSlot): void {
    for (const [key, open] of this.#open) if (open === slot) this.#open.delete(key);
  }

  async #names(path: string, shape: RegExp): Promise<string[]> {
    return (await listFolder(path)).filter((name) => shape.test(name)).sort();
  }

  async #tidy(path: string, end: number): Promise<void> {
    if (end + SETTLE_MS > this.#timing.now()) return;
    try {
      await rmdir(path);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
    }
  }
}
