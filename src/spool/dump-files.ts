/** The dumps of a box: `dumps/FOLDER/FILE`. A new folder is begun every so often, and an empty one removed. */
import { dirname, join } from 'node:path';
import { type Disk, type DiskFile, listFolder } from '../lib/disk.ts';

/** Names in one folder, at most: large folders are slow to sync. */
const FILES_PER_FOLDER = 2000;
/** In one go; the disk's thread does nothing else meanwhile. */
const UNLINKS = 64;

export interface NewFile {
  readonly file: string;
  readonly handle: Promise<DiskFile>;
}

export class DumpFiles {
  readonly #disk: Disk;
  readonly #root: string;
  /** Files by folder: an empty folder is removed, so this must never err. */
  readonly #folders = new Map<number, Set<number>>();
  readonly #stray: string[] = [];
  #folder = 0;
  #used = 0;
  #next = 0;
  #making: Promise<unknown> | undefined;

  constructor(disk: Disk, box: string) {
    this.#disk = disk;
    this.#root = join(box, 'dumps');
  }

  path(file: string): string {
    return join(this.#root, file);
  }

  /**
   * A new file, for writing; `once`: and syncing, in one go. Its name is durable after a `sync` that begins when it is
   * open.
   */
  create(writes: 'once' | 'often'): NewFile {
    const { file, made } = this.#newName();
    const handle = this.#forgetIfFailed(file, async () => {
      await made;
      return this.#disk.open(this.path(file), 'create', { syncsAll: writes === 'once' });
    });
    return { file, handle };
  }

  /** Another name for a file that is durable already. */
  async link(from: string): Promise<string> {
    const { file, made } = this.#newName();
    await this.#forgetIfFailed(file, async () => {
      await made;
      await this.#disk.link(from, this.path(file));
    });
    return file;
  }

  /** Makes the names of files durable. */
  async sync(files: readonly string[]): Promise<void> {
    const folders = new Set(files.map((file) => dirname(this.path(file))));
    await Promise.all([...folders].map((folder) => this.#disk.syncFolder(folder)));
  }

  /** Those that cannot be unlinked now are tried again with the next call. */
  async unlink(files: readonly string[]): Promise<void> {
    const all = [...this.#stray.splice(0), ...files];
    for (let at = 0; at < all.length; at += UNLINKS)
      await this.#unlink(all.slice(at, at + UNLINKS), all.slice(at));
    for (const [folder, files] of this.#folders) {
      if (files.size > 0 || folder === this.#folder) continue;
      await this.#disk.removeFolder(join(this.#root, String(folder)));
      this.#folders.delete(folder);
    }
  }

  async #unlink(files: readonly string[], left: readonly string[]): Promise<void> {
    try {
      await this.#disk.series(files.map((file) => ({ do: 'unlink', path: this.path(file) })));
    } catch (error) {
      this.#stray.push(...left);
      throw error;
    }
    for (const file of files) this.#forget(file);
  }

  /** After adopting: keeps these files, unlinks all others. Nothing else may be under way. */
  async keepOnly(files: ReadonlySet<string>): Promise<void> {
    const stray: string[] = [];
    for (const name of await listFolder(this.#root)) {
      if (!/^\d+$/.test(name)) continue;
      const folder = Number(name);
      this.#folder = Math.max(this.#folder, folder);
      const names = await listFolder(join(this.#root, name));
      this.#folders.set(folder, new Set(names.map(Number)));
      stray.push(...names.map((file) => `${name}/${file}`).filter((file) => !files.has(file)));
    }
    this.#used = FILES_PER_FOLDER;
    await this.unlink(stray);
  }

  #newName(): { readonly file: string; readonly made: Promise<unknown> | undefined } {
    if (this.#folder === 0 || this.#used >= FILES_PER_FOLDER) {
      this.#folder += 1;
      this.#used = 0;
      this.#making = this.#makeFolder(this.#folder);
    }
    const folder = this.#folder;
    this.#used += 1;
    this.#next += 1;
    const files = this.#folders.get(folder) ?? new Set();
    this.#folders.set(folder, files.add(this.#next));
    return { file: `${folder}/${this.#next}`, made: this.#making };
  }

  async #makeFolder(folder: number): Promise<void> {
    try {
      await this.#disk.makeFolder(join(this.#root, String(folder)));
    } catch (error) {
      if (this.#folder === folder) this.#used = FILES_PER_FOLDER;
      throw error;
    }
  }

  async #forgetIfFailed<T>(file: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#forget(file);
      throw error;
    }
  }

  #forget(file: string): void {
    const [folder, number] = file.split('/');
    this.#folders.get(Number(folder))?.delete(Number(number));
  }
}
