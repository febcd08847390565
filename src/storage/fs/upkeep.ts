/** What operators do to a tree of files: sweep what killed writers left, empty it. */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../lib/abort.ts';
import { NodeDisk } from '../../lib/disk.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { Swept } from '../upkeep.ts';
import { namesIn } from './crash-folders.ts';
import { fsError, isMissing } from './fs-errors.ts';
import { MARKER_FILE } from './staging.ts';

/** Only these are ours: a root that was set to the wrong folder keeps everything else. */
const OURS = /^(20\d{6}|\d{2}|blobs|tmp)$/;

async function isTree(root: string): Promise<boolean> {
  try {
    return (await stat(join(root, MARKER_FILE))).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function bytesIn(path: string): Promise<number> {
  const info = await lstat(path);
  if (!info.isDirectory()) return info.size;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += await bytesIn(join(path, name));
  return bytes;
}

/** Undefined when it is gone: its writer came to its end. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Drafts under `tmp` that nobody has touched for so long. Opening the store does the same for those of an hour. */
export async function sweepTree(
  store: string,
  root: string,
  how: CallOptions & { readonly olderThanMs: number; readonly dryRun: boolean },
): Promise<Swept> {
  const disk = new NodeDisk();
  const folder = join(root, 'tmp');
  let [found, bytes, removed] = [0, 0, 0];
  try {
    if (!(await isTree(root))) return { found, bytes, removed };
    for (const name of await namesIn(folder)) {
      throwIfAborted(how.signal);
      const path = join(folder, name);
      const info = await unlessGone(lstat(path));
      if (!info || Date.now() - info.mtimeMs < how.olderThanMs) continue;
      found += 1;
      bytes += (await unlessGone(bytesIn(path))) ?? 0;
      if (how.dryRun) continue;
      await disk.removeFolder(path);
      removed += 1;
    }
    return { found, bytes, removed };
  } catch (error) {
    throw fsError(store, error);
  }
}

/** Crashes and blobs; the folder stays a store. */
export async function wipeTree(
  store: string,
  root: string,
  { signal }: CallOptions,
): Promise<readonly string[]> {
  const disk = new NodeDisk();
  try {
    if (!(await isTree(root))) {
      if ((await namesIn(root)).some((name) => OURS.test(name)))
        throw new StorageError('invalid', store, `${root} has no ${MARKER_FILE}: it is not known to be ours`);
      return [];
    }
    const names = (await namesIn(root)).filter((name) => OURS.test(name) && name !== 'tmp');
    for (const name of names) {
      throwIfAborted(signal);
      // In one step, so that nobody writes into a folder that is half gone.
      const going = join(root, 'tmp', `wiped-${randomBytes(6).toString('hex')}`);
      await disk.makeFolder(join(root, 'tmp'));
      await disk.rename(join(root, name), going);
      await disk.removeFolder(going);
    }
    await disk.syncFolder(root);
    return names.map((name) => join(root, name));
  } catch (error) {
    throw fsError(store, error);
  }
}
