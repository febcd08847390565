/**
 * The file operations that durability depends on, behind one interface, so that a test can record them and
 * replay a power cut: everything not followed by `syncFile` / `syncFolder` may be gone after it.
 */
import fs, { constants } from 'node:fs';
import { link, mkdir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { DiskFile, DiskOperations } from './disk-operations.ts';
import { type DiskStep, stepByStep } from './disk-steps.ts';

export type { DiskFile } from './disk-operations.ts';

export interface Disk extends DiskOperations {
  /** Does the steps in this order; durable when it resolves. Rejects with `SeriesError`; what came before stays done. */
  series(steps: readonly DiskStep[]): Promise<void>;
}

// By descriptors and callbacks: a FileHandle costs the event loop twice as much (bench/collector.ts).
const openDescriptor = promisify<string, number, number, number>(fs.open);
const closeDescriptor = promisify<number>(fs.close);
const syncDescriptor = promisify<number>(fs.fsync);
const syncData = promisify<number>(fs.fdatasync);

const writeParts = (descriptor: number, parts: readonly Uint8Array[]): Promise<number> =>
  new Promise((resolve, reject) =>
    fs.writev(descriptor, parts, (error, written) => (error ? reject(error) : resolve(written))),
  );

class NodeFile implements DiskFile {
  readonly #descriptor: number;
  /** Each write is durable when it ends. */
  readonly #isSynced: boolean;
  #isClosed = false;

  constructor(descriptor: number, isSynced: boolean) {
    this.#descriptor = descriptor;
    this.#isSynced = isSynced;
  }

  async write(bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const parts = bytes instanceof Uint8Array ? [bytes] : bytes;
    let left = 0;
    for (const part of parts) left += part.length;
    if (left === 0) return;
    left -= await writeParts(this.#open(), parts);
    if (left === 0) return;
    // A short write is what a disk that fills up looks like; the next one says ENOSPC.
    const all = Buffer.concat(parts);
    while (left > 0) left -= await writeParts(this.#open(), [all.subarray(all.length - left)]);
  }

  async sync(): Promise<void> {
    if (!this.#isSynced) await syncData(this.#open());
  }

  /** May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await closeDescriptor(this.#descriptor);
  }

  /** The number may be another file's once this one is closed. */
  #open(): number {
    if (this.#isClosed) throw new Error('the file is closed');
    return this.#descriptor;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The real disk. Folder syncs are group-committed: one fsync serves everybody who asked before it began. */
export class NodeDisk implements Disk {
  readonly #running = new Map<string, Promise<void>>();
  readonly #queued = new Map<string, Promise<void>>();
  readonly #making = new Map<string, Promise<boolean>>();
  readonly #unsynced = new Set<string>();

  async open(
    path: string,
    mode: 'create' | 'append',
    hint: { readonly syncsAll?: boolean } = {},
  ): Promise<DiskFile> {
    // Not known to every system: then the sync is a call of its own.
    const synced = hint.syncsAll ? (constants.O_DSYNC ?? 0) : 0;
    const flags =
      constants.O_WRONLY | constants.O_CREAT | (mode === 'create' ? constants.O_EXCL : constants.O_APPEND);
    return new NodeFile(await openDescriptor(path, flags | synced, 0o640), synced !== 0);
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  link(from: string, to: string): Promise<void> {
    return link(from, to);
  }

  unlink(path: string): Promise<void> {
    return unlink(path);
  }

  async makeFolder(path: string, options?: { readonly sync?: boolean }): Promise<boolean> {
    const making = this.#making.get(path);
    if (!making) {
      const work = this.#make(path, options?.sync !== false).finally(() => this.#making.delete(path));
      this.#making.set(path, work);
      return work;
    }
    // It is there before it is durable, and whoever makes it may not care.
    await making;
    if (options?.sync !== false) await this.syncFolder(dirname(path));
    return false;
  }

  removeFolder(path: string): Promise<void> {
    return rm(path, { recursive: true, force: true });
  }

  syncFolder(path: string): Promise<void> {
    const queued = this.#queued.get(path);
    if (queued !== undefined) return queued;
    const running = this.#running.get(path);
    if (!running) return this.#start(path);
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#queued.delete(path);
        return this.#start(path);
      });
    this.#queued.set(path, next);
    return next;
  }

  series(steps: readonly DiskStep[]): Promise<void> {
    return stepByStep(this, steps);
  }

  async #make(path: string, sync: boolean): Promise<boolean> {
    const parent = dirname(path);
    if (await isFolder(path)) {
      if (sync && this.#unsynced.has(path)) await this.#syncName(path, parent);
      return false;
    }
    if (parent !== path) await this.makeFolder(parent);
    try {
      await mkdir(path, 0o750);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (sync) await this.#syncName(path, parent);
    return true;
  }

  /** A folder whose sync failed is there all the same: whoever asks for it next must not take it for durable. */
  async #syncName(path: string, parent: string): Promise<void> {
    this.#unsynced.add(path);
    await this.syncFolder(parent);
    this.#unsynced.delete(path);
  }

  #start(path: string): Promise<void> {
    const work = fsyncFolder(path).finally(() => {
      if (this.#running.get(path) === work) this.#running.delete(path);
    });
    this.#running.set(path, work);
    return work;
  }
}

async function fsyncFolder(path: string): Promise<void> {
  const descriptor = await openDescriptor(path, constants.O_RDONLY, 0);
  try {
    await syncDescriptor(descriptor);
  } finally {
    await closeDescriptor(descriptor);
  }
}

/** Names in a folder; none when it does not exist. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
