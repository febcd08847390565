/**
 * `mkdir -p`. Node's own never ends below a folder that holds no others and says ENOENT, as /proc does: DATA_DIR=/proc/x
 * kept a core busy for ever (Node 24; test/lib/make-folders.test.ts).
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';

/** Of the folders that are made; 0o777 without the process's umask when it is not given. */
interface Options {
  readonly mode?: number;
}

/** Makes the folder and those above it that are missing. Rejects with the error of the one that cannot be made. */
export async function makeFolders(path: string, options: Options = {}): Promise<void> {
  const isThere = (): Promise<boolean> =>
    stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
  const make = (): Promise<unknown> =>
    mkdir(path, options).catch(async (error: unknown) => ((await isThere()) ? undefined : error));
  let failure = await make();
  if (errnoOf(failure) === 'ENOENT' && dirname(path) !== path) {
    await makeFolders(dirname(path), options);
    failure = await make();
  }
  if (failure !== undefined) throw failure;
}

/** The same, for what opens at once. */
export function makeFoldersSync(path: string, options: Options = {}): void {
  const make = (): unknown => {
    try {
      return void mkdirSync(path, options);
    } catch (error) {
      return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? undefined : error;
    }
  };
  let failure = make();
  if (errnoOf(failure) === 'ENOENT' && dirname(path) !== path) {
    makeFoldersSync(dirname(path), options);
    failure = make();
  }
  if (failure !== undefined) throw failure;
}
