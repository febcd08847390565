/**
 * Erasure across processes: a report may lie in the box of another one. A question `erase/ID@OWNER` is put to each owner;
 * he removes the report and renames it to `….yes` or `….no`.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, throwIfAborted } from '../lib/abort.ts';
import { type Disk, listFolder } from '../lib/disk.ts';
import { unlinkIfThere } from '../lib/disk-steps.ts';
import { type CrashId, isCrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';

const POLL_MS = 50;

export class Erasures {
  readonly #folder: string;
  readonly #disk: Disk;

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  async open(): Promise<void> {
    await this.#disk.makeFolder(this.#folder);
  }

  /**
   * Asks the owners and waits until each has answered or has no box any more (`stillThere`).
   * Resolves with whether anybody had it; rejects with `aborted`.
   */
  async ask(
    id: CrashId,
    owners: ReadonlySet<string>,
    stillThere: () => Promise<ReadonlySet<string>>,
    options: CallOptions = {},
  ): Promise<boolean> {
    let isFound = false;
    const open = new Set(owners);
    for (const owner of open) await writeFile(join(this.#folder, `${id}@${owner}`), '');
    try {
      while (open.size > 0) {
        throwIfAborted(options.signal);
        const names = new Set(await readdir(this.#folder));
        const there = await stillThere();
        for (const owner of open) {
          isFound ||= names.has(`${id}@${owner}.yes`);
          if (names.has(`${id}@${owner}.yes`) || names.has(`${id}@${owner}.no`) || !there.has(owner)) {
            open.delete(owner);
          }
        }
        if (open.size > 0) await sleep(POLL_MS, options);
      }
    } finally {
      for (const name of await listFolder(this.#folder)) {
        if (name.startsWith(`${id}@`)) await unlinkIfThere(this.#disk, join(this.#folder, name));
      }
    }
    return isFound;
  }

  /** Answers what is put to `owner`. */
  async answer(owner: string, remove: (id: CrashId) => Promise<boolean>): Promise<void> {
    for (const name of await listFolder(this.#folder)) {
      const [id, to] = name.split('@');
      if (id === undefined || to !== owner || !isCrashId(id)) continue;
      const path = join(this.#folder, name);
      const answer = (await remove(id)) ? 'yes' : 'no';
      try {
        await this.#disk.rename(path, `${path}.${answer}`);
      } catch (error) {
        // Whoever asked has given up.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}
