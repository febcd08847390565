/** The copies of a database in a folder: named by their time, each whole or not there, the oldest removed. */
import { randomUUID } from 'node:crypto';
import { chmod, open, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { listFolder, NodeDisk } from '../../lib/disk.ts';
import { makeFolders } from '../../lib/make-folders.ts';
import type { CallOptions } from '../../model/report.ts';
import { BackupError, type DatabaseCopier } from './copier.ts';

export interface Generation {
  readonly path: string;
  /** When it was made, ISO 8601, by the file system: a job that ran late has an earlier time in the name. */
  readonly madeAt: string;
  readonly bytes: number;
}

const PREFIX = 'auxilio-';
/** Beside the copy itself: the disk must not be full afterwards. */
const SPARE_BYTES = 64 * 1024 ** 2;

/** Nobody has written to it for so long. */
const ABANDONED_MS = 12 * 3_600_000;

/** `2026-11-21T03:00:00.000Z` in the name of a file. */
const nameOf = (time: Date, extension: string): string =>
  `${PREFIX}${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z.${extension}`;

const NAME = /^auxilio-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z\.(\w+)$/;

const isCopy = (name: string, extension: string): boolean => NAME.exec(name)?.[1] === extension;

async function generationAt(path: string): Promise<Generation> {
  const { mtime, size } = await stat(path);
  return { path, madeAt: mtime.toISOString(), bytes: size };
}

export class Generations {
  readonly #folder: string;
  readonly #copier: DatabaseCopier;

  constructor(folder: string, copier: DatabaseCopier) {
    this.#folder = folder;
    this.#copier = copier;
  }

  /** The one that was made last first. */
  async list(): Promise<readonly Generation[]> {
    const found: Generation[] = [];
    for (const name of await listFolder(this.#folder))
      if (isCopy(name, this.#copier.extension)) found.push(await generationAt(join(this.#folder, name)));
    return found.sort((a, b) => (a.madeAt < b.madeAt || (a.madeAt === b.madeAt && a.path < b.path) ? 1 : -1));
  }

  /**
   * The copy of this time; one that is there and whole is not made again. Nothing is removed: a copy that failed must
   * not cost an older one.
   */
  async make(time: Date, { signal }: CallOptions = {}): Promise<Generation> {
    await makeFolders(this.#folder, { mode: 0o750 });
    await this.#sweep();
    const path = join(this.#folder, nameOf(time, this.#copier.extension));
    const isThere = await this.#copier.verify(path, { signal }).then(
      () => true,
      () => false,
    );
    if (!isThere) await this.#make(path, { signal });
    return generationAt(path);
  }

  /** All but the newest. Resolves with the paths of those that went. */
  async prune(keep: number): Promise<readonly string[]> {
    const old = (await this.list()).slice(keep).map(({ path }) => path);
    for (const path of old) await unlink(path);
    return old;
  }

  async #make(path: string, { signal }: CallOptions): Promise<void> {
    await this.#checkRoom({ signal });
    const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
    const disk = new NodeDisk();
    try {
      await this.#copier.copyTo(partial, { signal });
      await chmod(partial, 0o600);
      await syncFile(partial);
      await disk.rename(partial, path);
      await disk.syncFolder(this.#folder);
    } catch (error) {
      await unlink(partial).catch(() => undefined);
      throw error;
    }
  }

  async #checkRoom(options: CallOptions): Promise<void> {
    const size = await this.#copier.size(options);
    if (size === undefined) return;
    const { bavail, bsize } = await statfs(this.#folder);
    const free = bavail * bsize;
    if (free >= size + SPARE_BYTES) return;
    throw new BackupError(`${this.#folder} has ${free} bytes free; a copy takes up to ${size}`);
  }

  /** Halves that a process left when it died; one that is being written is younger. */
  async #sweep(): Promise<void> {
    for (const name of await listFolder(this.#folder)) {
      if (!name.startsWith(PREFIX) || !name.endsWith('.partial')) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await unlink(path);
    }
  }
}

/** The program that wrote it is gone, and did not sync it. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
