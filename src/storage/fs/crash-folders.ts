/**
 * The native tree: `root/YYYYMMDD/name/aa/bb/<crash id>/`, the pairs taken from the random start of the id. With a
 * depth of 2 a million crashes a day lie in 65,536 leaves of about 15, and no folder has more than a few hundred names.
 */
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import type { RawCrash } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { FolderCache } from './folder-cache.ts';
import { errnoOf, isMissing } from './fs-errors.ts';

export const RAW_FILE = 'raw.json';
export const PROCESSED_FILE = 'processed.json.gz';

/** A dump in a crash's folder. `file` is ours, so that a dump may have any name. */
export interface DumpEntry {
  readonly name: string;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
}

/** `raw.json`: the raw crash and what lies beside it. A dump that it does not name does not exist. */
export interface Manifest {
  readonly format: 1;
  readonly raw: RawCrash;
  readonly dumps: readonly DumpEntry[];
}

/** Two ASCII hex digits for each level; ids have eight random ones in front. */
export function crashFolder(root: string, depth: number, id: CrashId): string {
  const pairs = Array.from({ length: depth }, (_, level) => id.slice(2 * level, 2 * level + 2));
  return join(root, `20${id.slice(-6)}`, 'name', ...pairs, id);
}

/** The crash's manifest; undefined when there is none. */
export async function readManifest(store: string, folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, RAW_FILE), 'utf8')) as Manifest;
    if (manifest.format === 1) return manifest;
    throw new StorageError('corrupt', store, `${RAW_FILE} in ${folder} is of an unknown format`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new StorageError('corrupt', store, `${RAW_FILE} in ${folder} is not JSON`, { cause: error });
  }
}

/** None when the folder is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Ids of a day's tree, leaf by leaf: holds one folder's names per level. */
export async function* listCrashFolders(folder: string, depth: number): AsyncGenerator<CrashId> {
  const names = await namesIn(folder);
  if (depth === 0) {
    yield* names.filter(isCrashId);
    return;
  }
  for (const name of names) yield* listCrashFolders(join(folder, name), depth - 1);
}

/** True when the error of a rename says that a folder with something in it is there already. */
export const isOccupied = (error: unknown): boolean =>
  errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST';

/**
 * Renames a folder into its place in the tree, making the leaf again when somebody pruned it meanwhile.
 * False when a crash is there already.
 */
export async function moveIntoTree(
  disk: Disk,
  folders: FolderCache,
  from: string,
  to: string,
): Promise<boolean> {
  const leaf = dirname(to);
  for (let attempt = 1; ; attempt += 1) {
    await folders.ensure(leaf);
    try {
      await disk.rename(from, to);
      break;
    } catch (error) {
      if (isOccupied(error)) return false;
      if (errnoOf(error) !== 'ENOENT' || attempt === 5) throw error;
      folders.forget(leaf);
    }
  }
  // Pruned and made anew by another call just before the rename, the leaf's own name may not be synced yet.
  await folders.ensure(leaf);
  return true;
}

/**
 * Runs `put`, which puts names into `folder`: again with the folder made anew when it was pruned by another process,
 * which this one's cache knows nothing of. Test: "folders that another process has removed".
 */
export async function putInto<T>(folders: FolderCache, folder: string, put: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    await folders.ensure(folder);
    try {
      return await put();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === 5) throw error;
      folders.forget(folder);
    }
  }
}

/** Removes the empty folders above a removed crash, so that retention leaves no tree of nothing behind. */
export async function pruneAbove(root: string, folders: FolderCache, crash: string): Promise<void> {
  for (let at = dirname(crash); at.length > root.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (isOccupied(error) || isMissing(error) || errnoOf(error) === 'EBUSY') return;
      throw error;
    }
    folders.forget(at);
  }
}
