/**
 * The dated index of Socorro's file system stores: new crashes by the time they came, for consumers that walk it.
 * `root/YYYYMMDD/date/HH/MM_SS/<id>` is a link to the folder of the crash, where a link `date_root` (in the legacy
 * tree one named as the crash) leads back to the slot. SS is the second divided by 4.
 */
import { lstat, readdir, readlink, rmdir, stat, symlink, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import { namesIn, putInto } from './crash-folders.ts';
import { errnoOf, isMissing } from './fs-errors.ts';
import type { FsParts } from './fs-parts.ts';
import { rawFile } from './socorro-paths.ts';

/** No slot gets more links than this; the time slot goes on in a second folder beside the first, `MM_SS_2`. */
export const SLOT_LIMIT = 4096;
/** Other processes fill the same slot: a folder is given up a little early, and counted anew now and then. */
const OWN_LIMIT = SLOT_LIMIT - 512;
const RECOUNT = 128;

const two = (n: number): string => String(n).padStart(2, '0');

/** `HH` and `MM_SS` of a time, UTC. */
export const slotOf = (date: Date): readonly [string, string] => [
  two(date.getUTCHours()),
  `${two(date.getUTCMinutes())}_${two(Math.floor(date.getUTCSeconds() / 4))}`,
];

/** Where a crash lies: the folder with its files, and the name of its link back. */
export interface FiledCrash {
  readonly id: CrashId;
  readonly day: string;
  readonly folder: string;
  readonly backLink: 'date_root' | CrashId;
  /** From the crash's folder up to the day. */
  readonly levels: number;
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return resolve(dirname(path), await readlink(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const exists = async (path: string): Promise<boolean> => (await linkTarget(path)) !== undefined;

export class SlotIndex {
  readonly #parts: FsParts;
  readonly #clock: Clock;
  /** Slots are chosen one at a time; linking goes on side by side. */
  readonly #choosing = new KeyedLock();
  #slot = '';
  #folder = '';
  #count = 0;
  #part = 1;

  constructor(parts: FsParts, clock: Clock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Files a saved crash. One that is filed already stays where it is: saving it again does not queue it again. */
  async file(crash: FiledCrash): Promise<void> {
    const { disk } = this.#parts;
    const back = join(crash.folder, crash.backLink);
    const filed = await linkTarget(back);
    const folder = filed ?? (await this.#choosing.run('slot', () => this.#slotFolder(crash.day)));
    if (!filed) {
      const up = '../'.repeat(crash.levels);
      try {
        await symlink(`${up}date/${basename(dirname(folder))}/${basename(folder)}`, back);
      } catch (error) {
        // Another process has saved the same crash and filed it first.
        if (errnoOf(error) === 'EEXIST') return this.file(crash);
        throw error;
      }
    }
    // The first link without the second is a save that was cut short; a consumer removes them in that order.
    const link = join(folder, crash.id);
    if (!(await exists(link))) {
      const inside = crash.folder.slice(crash.day.length + 1);
      await putInto(this.#parts.folders, folder, () => linkUnlessThere(`../../../${inside}`, link));
    }
    await Promise.all([disk.syncFolder(crash.folder), disk.syncFolder(folder)]);
  }

  /** Takes a crash out of the index; harmless when it is not in it. */
  async remove(crash: FiledCrash): Promise<void> {
    const back = join(crash.folder, crash.backLink);
    const slot = await linkTarget(back);
    if (slot === undefined) return;
    await unlinkIfThere(join(slot, crash.id));
    await unlinkIfThere(back);
  }

  async #slotFolder(day: string): Promise<string> {
    const [hour, minute] = slotOf(this.#clock.now());
    const slot = join(day, 'date', hour, minute);
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#part = 1;
      await this.#enter(slot);
    }
    while (this.#count >= OWN_LIMIT) {
      this.#part += 1;
      await this.#enter(`${slot}_${this.#part}`);
    }
    this.#count += 1;
    // Links chosen here and not made yet are in our count and not in the folder.
    if (this.#count % RECOUNT === 0)
      this.#count = Math.max(this.#count, (await namesIn(this.#folder)).length);
    return this.#folder;
  }

  async #enter(folder: string): Promise<void> {
    this.#count = await putInto(this.#parts.folders, folder, async () => (await readdir(folder)).length);
    this.#folder = folder;
  }
}

async function linkUnlessThere(target: string, path: string): Promise<void> {
  try {
    await symlink(target, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

const names = async (folder: string): Promise<string[]> => (await namesIn(folder)).sort();

/**
 * Crashes that were filed and not taken yet, oldest first. A crash is taken out of the index when the next one is
 * asked for, so that a consumer that dies sees its last one again. The slot that may still be filling is left alone.
 * Reads the trees of the original, whose slots may have folders in them, one for each machine.
 *
 * [bug] of the original: folders are read in no order, and hours of an earlier day stay behind until the same hour.
 */
export async function* newCrashes(root: string, clock: Clock): AsyncGenerator<CrashId, void, undefined> {
  const now = clock.now();
  const today = now.toISOString().slice(0, 10).replaceAll('-', '');
  const current = slotOf(now).join('/');
  for (const day of await names(root)) {
    if (!/^\d{8}$/.test(day)) continue;
    for (const hour of await names(join(root, day, 'date'))) {
      for (const slot of await names(join(root, day, 'date', hour))) {
        if (day >= today && `${hour}/${slot}` >= current) continue;
        yield* takeSlot(join(root, day, 'date', hour, slot));
      }
      await removeIfEmpty(join(root, day, 'date', hour));
    }
  }
}

async function* takeSlot(slot: string): AsyncGenerator<CrashId, void, undefined> {
  for (const name of await names(slot)) {
    const path = join(slot, name);
    if ((await lstat(path)).isDirectory()) {
      yield* takeSlot(path);
    } else if (isCrashId(name)) {
      const folder = await linkTarget(path);
      // A link whose crash is gone says nothing to anybody; the original leaves it, and its slot, for ever.
      if (folder && (await hasRaw(folder, name))) {
        yield name;
        await unlinkIfThere(join(folder, folder.endsWith(name) ? 'date_root' : name));
      }
      await unlinkIfThere(path);
    }
  }
  await removeIfEmpty(slot);
}

async function hasRaw(folder: string, id: CrashId): Promise<boolean> {
  try {
    return (await stat(join(folder, rawFile(id)))).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!isMissing(error) && errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
  }
}
