/** Finds native tools: on PATH, and those of the npm package `minidump`, which a clone and a packed tarball keep apart. */
import { constants } from 'node:fs';
import { access, chmod, copyFile, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';

const isFile = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK);
    return await isFile(path);
  } catch {
    return false;
  }
};

/** The first executable of this name; undefined when there is none. */
export async function findOnPath(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    if (folder === '') continue;
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Folders that may hold Breakpad's tools for this platform, from `start` upwards. */
function toolFolders(start: string): string[] {
  const platform = `${process.platform}-${process.arch}`;
  const folders: string[] = [];
  let folder = start;
  for (;;) {
    // `vendor` is where `prepack` copies them: the tarball has no development dependencies.
    folders.push(join(folder, 'vendor', 'minidump', platform));
    folders.push(join(folder, 'node_modules', 'minidump', 'bin', platform));
    const parent = dirname(folder);
    if (parent === folder) return folders;
    folder = parent;
  }
}

/** A copy that may be executed: package managers may unpack files without that bit, into folders that are not ours. */
async function executableCopy(path: string, cache: string): Promise<string> {
  await makeFolders(cache);
  const { size } = await stat(path);
  const copy = join(cache, `${basename(path)}-${size}`);
  if (await isExecutable(copy)) return copy;
  const temporary = `${copy}.${process.pid}`;
  await copyFile(path, temporary);
  await chmod(temporary, 0o755);
  await rename(temporary, copy);
  return copy;
}

export interface BreakpadTools {
  readonly stackwalk: string;
  readonly dumpSyms: string | undefined;
  readonly dump: string | undefined;
}

/**
 * Breakpad's tools as the npm package `minidump` carries them; undefined on a platform it has none for. `start` is the
 * folder from which they are looked for upwards: this file's own, other than in tests.
 */
export async function findBreakpadTools(
  cache: string,
  start: string = import.meta.dirname,
): Promise<BreakpadTools | undefined> {
  for (const folder of toolFolders(start)) {
    const found = async (name: string): Promise<string | undefined> => {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
      return (await isFile(path)) ? executableCopy(path, cache) : undefined;
    };
    const stackwalk = await found('minidump_stackwalk');
    if (stackwalk)
      return { stackwalk, dumpSyms: await found('dump_syms'), dump: await found('minidump_dump') };
  }
  return undefined;
}
