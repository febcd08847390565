/** What the stores of both layouts stand on: a root with its marker, a place for drafts, and what is known of the disk. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Disk } from '../../lib/disk.ts';
import { ThreadedDisk } from '../../lib/disk-thread.ts';
import { openFile } from '../../lib/streams.ts';
import type { Dump, DumpInfo } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { FolderCache } from './folder-cache.ts';
import { fsError, isMissing } from './fs-errors.ts';
import { claimLayout } from './layout-marker.ts';
import { MARKER_FILE, Staging } from './staging.ts';

export interface FsParts {
  readonly name: string;
  readonly root: string;
  readonly disk: Disk;
  readonly staging: Staging;
  readonly folders: FolderCache;
  /** Lets go of the disk, unless it was the caller's. */
  close(): Promise<void>;
}

/** Makes the root and its `tmp`; `invalid` when the root is of another layout. */
export async function openParts(
  name: string,
  options: { readonly root: string; readonly disk?: Disk; readonly clock?: Clock },
  layout: Readonly<Record<string, string | number | boolean>>,
): Promise<FsParts> {
  const { root, clock = systemClock } = options;
  const own = options.disk ? undefined : new ThreadedDisk();
  const disk = options.disk ?? (own as Disk);
  const close = async (): Promise<void> => own?.close();
  try {
    await disk.makeFolder(root);
    const staging = new Staging(name, disk, root);
    await staging.open(clock.now());
    await claimLayout(name, root, disk, staging, layout);
    return { name, root, disk, staging, folders: new FolderCache(disk, root), close };
  } catch (error) {
    await close();
    throw fsError(name, error);
  }
}

/** Rejects when the root is gone, as under an unmounted disk: then nothing can be said of any crash. */
export async function checkPresent({ root }: FsParts): Promise<void> {
  await stat(join(root, MARKER_FILE));
}

/** Rejects when the root is gone or nothing can be written. */
export async function checkRoot(parts: FsParts): Promise<void> {
  const { staging, disk } = parts;
  await checkPresent(parts);
  const probe = staging.newPath();
  await staging.writeFile(probe, Buffer.from('health'));
  await disk.unlink(probe);
}

/** `not_found`, unless the root itself is gone. */
export async function notFound(parts: FsParts, detail: string): Promise<never> {
  await checkPresent(parts);
  throw new StorageError('not_found', parts.name, detail);
}

/** What `read` finds in files; `notFound` when one of them is missing. */
export async function orNotFound<T>(parts: FsParts, detail: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return notFound(parts, detail);
    throw error;
  }
}

/** A handle on a file of a crash: never written again, only unlinked. */
export const fileDump = (store: string, info: DumpInfo, path: string): Dump => ({
  ...info,
  path,
  immutable: true,
  open: async (options) => {
    try {
      return await openFile(path, options?.signal);
    } catch (error) {
      if (isMissing(error)) throw new StorageError('not_found', store, 'the dump is gone', { cause: error });
      throw fsError(store, error);
    }
  },
});
