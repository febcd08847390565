/** Folders that this process knows to be on the disk, so that a crash pays for its folders once and not each time. */
import { dirname } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import type { DiskStep } from '../../lib/disk-steps.ts';
import { isMissing } from './fs-errors.ts';

/** A day of two-level radix folders is 65,792 paths. */
const KNOWN_LIMIT = 150_000;

/**
 * A folder counts as known only after its parent was synced by this process: that another writer has made it
 * does not say that its name would survive a power cut.
 */
export class FolderCache {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #durable = new Set<string>();
  readonly #making = new Map<string, Promise<void>>();
  #forgets = 0;

  /** `root` exists; folders outside it are not made. */
  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Resolves when the folder and those above it, up to the root, would survive a power cut. */
  async ensure(path: string): Promise<void> {
    if (this.isDurable(path)) return;
    const making = this.#making.get(path);
    if (making !== undefined) return making;
    const since = this.moment;
    const work = this.#make(path).finally(() => {
      if (this.#making.get(path) === work) this.#making.delete(path);
    });
    this.#making.set(path, work);
    await work;
    this.learn(path, since);
  }

  /** Steps that make what of a folder and those above it is not known to be durable. Say `learn` when they are done. */
  steps(path: string): DiskStep[] {
    if (this.isDurable(path)) return [];
    const parent = dirname(path);
    return [...this.steps(parent), { do: 'makeFolder', path }, { do: 'syncFolder', path: parent }];
  }

  /** For `learn`: what was begun before something was forgotten says nothing. */
  get moment(): number {
    return this.#forgets;
  }

  /** The steps of a folder that were asked for at that moment are done. */
  learn(path: string, since: number): void {
    if (since !== this.#forgets) return;
    if (this.#durable.size >= KNOWN_LIMIT) this.#durable.clear();
    for (let at = path; !this.isDurable(at); at = dirname(at)) this.#durable.add(at);
  }

  isDurable(path: string): boolean {
    return path.length <= this.#root.length || this.#durable.has(path);
  }

  /** After somebody removed an empty folder: it and those above it are looked at again. */
  forget(path: string): void {
    this.#forgets += 1;
    for (let at = path; at.length > this.#root.length; at = dirname(at)) {
      this.#making.delete(at);
      this.#durable.delete(at);
    }
  }

  async #make(path: string): Promise<void> {
    if (path.length <= this.#root.length) return;
    const parent = dirname(path);
    await this.ensure(parent);
    try {
      await this.#disk.series([
        { do: 'makeFolder', path },
        { do: 'syncFolder', path: parent },
      ]);
    } catch (error) {
      // Another process has removed the empty parent.
      if (!isMissing(error)) throw error;
      const isNew = await this.#disk.makeFolder(path);
      if (!isNew) await this.#disk.syncFolder(parent);
    }
  }
}
