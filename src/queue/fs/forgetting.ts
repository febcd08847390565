/** Removing every task of one crash, wherever it lies, while tasks move. */
import { basename, join } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import type { CrashId } from '../../model/crash-id.ts';
import { DYING } from './hand.ts';
import type { SlotTree } from './slot-tree.ts';
import { isOf, type TaskName } from './task-name.ts';

export interface FileInHand {
  readonly path: string;
  /** Undefined when the file is no task. */
  readonly name: TaskName | undefined;
}

export interface Places {
  /** Where tasks lie before they are in hand, and where they go from there. */
  readonly before: readonly SlotTree[];
  readonly after: readonly SlotTree[];
  inHand(): AsyncIterable<FileInHand>;
  readonly disk: Disk;
}

/** A task that moves against the order of the search is found by the next pass. */
const PASSES = 5;

/** True when there was anything. */
export async function forget(id: CrashId, places: Places): Promise<boolean> {
  let found = false;
  for (let pass = 0; pass < PASSES; pass += 1) {
    if (!(await forgetOnce(id, places))) break;
    found = true;
  }
  return found;
}

async function forgetOnce(id: CrashId, { before, after, inHand, disk }: Places): Promise<boolean> {
  let found = false;
  for (const tree of before) if (await removeFrom(tree, id, disk)) found = true;
  for await (const { path, name } of inHand()) {
    if (name?.task?.crashId !== id) continue;
    found = true;
    // It is on its way to the dead, where this pass or the next one finds it.
    if (!basename(path).startsWith(DYING)) await remove(path, disk);
  }
  for (const tree of after) if (await removeFrom(tree, id, disk)) found = true;
  return found;
}

async function removeFrom(tree: SlotTree, id: CrashId, disk: Disk): Promise<boolean> {
  let found = false;
  for await (const slot of tree.slots()) {
    for (const file of await tree.entries(slot)) {
      if (!isOf(file, id)) continue;
      found = true;
      await remove(join(slot.path, file), disk);
    }
  }
  return found;
}

async function remove(path: string, disk: Disk): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
