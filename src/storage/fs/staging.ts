/**
 * Where files and folders are written before they are renamed into place: `tmp` under the root, so that it is the
 * same file system. Whatever lies here belongs to nobody else and may be thrown away.
 */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../lib/abort.ts';
import type { Disk, DiskFile } from '../../lib/disk.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { copyDump, wrongSize } from '../dump-bytes.ts';
import { isMissing, isUnlinkable } from './fs-errors.ts';

/** Says that the root is there, and how its tree is built. */
export const MARKER_FILE = 'auxilio-layout.json';

/** Left by a process that was killed: nothing takes this long to write. */
const STALE_MS = 3_600_000;

export interface StagedDump {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

export class Staging {
  readonly folder: string;
  readonly #disk: Disk;
  readonly #store: string;
  /** There as long as the root is. */
  readonly marker: string;
  readonly #nonce = randomBytes(6).toString('hex');
  #count = 0;

  constructor(store: string, disk: Disk, root: string) {
    this.#store = store;
    this.#disk = disk;
    this.folder = join(root, 'tmp');
    this.marker = join(root, MARKER_FILE);
  }

  /** Makes the folder and removes what killed processes left in it. */
  async open(now: Date): Promise<void> {
    await this.#disk.makeFolder(this.folder);
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      const info = await lstat(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (info && now.getTime() - info.mtimeMs > STALE_MS) await this.#disk.removeFolder(path);
    }
  }

  /** A name that nobody else uses, here or in any other process. */
  newName(): string {
    this.#count += 1;
    return `${this.#nonce}-${this.#count.toString(36)}`;
  }

  newPath(): string {
    return join(this.folder, this.newName());
  }

  /**
   * Runs `work` with a fresh folder; whatever is left of it afterwards is removed. Fails when the root is gone: to
   * write on into the empty folder under an unmounted disk would hide crashes below it.
   */
  async withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    await stat(this.marker);
    const folder = this.newPath();
    await this.#disk.makeFolder(folder, { sync: false });
    try {
      return await work(folder);
    } finally {
      await this.#disk.removeFolder(folder);
    }
  }

  /** Creates a file with these bytes; they are on the disk when it resolves, the name may not be. */
  async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    await this.#create(path, (file) => file.write(bytes));
  }

  /**
   * Puts a dump at `path`, bytes on the disk. One that is an immutable file of this file system is linked, and its
   * SHA-256 taken at its word: its bytes were hashed when they were written. Otherwise they are copied and checked.
   */
  async placeDump(dump: Dump, path: string, options?: CallOptions): Promise<StagedDump> {
    const { name, size } = dump;
    if (await this.#link(dump, path)) {
      throwIfAborted(options?.signal);
      const sha256 = dump.sha256 ?? (await copyDump(this.#store, dump, () => undefined, options)).sha256;
      return { name, size, sha256 };
    }
    let sha256 = '';
    await this.#create(path, async (file) => {
      ({ sha256 } = await copyDump(this.#store, dump, (chunk) => file.write(chunk), options));
    });
    return { name, size, sha256 };
  }

  async #link(dump: Dump, path: string): Promise<boolean> {
    if (dump.path === undefined || dump.immutable !== true) return false;
    try {
      await this.#disk.link(dump.path, path);
    } catch (error) {
      // A missing source is reported by the copy, as a source that cannot be opened.
      if (isUnlinkable(error) || isMissing(error)) return false;
      throw error;
    }
    const { size } = await stat(path);
    if (size === dump.size) return true;
    throw wrongSize(this.#store, dump, `${size}`);
  }

  async #create(path: string, fill: (file: DiskFile) => Promise<void>): Promise<void> {
    const file = await this.#disk.open(path, 'create');
    try {
      await fill(file);
      await file.sync();
    } catch (error) {
      await file.close();
      await this.#disk.unlink(path);
      throw error;
    }
    await file.close();
  }
}
