/** Several file operations as one: what a crash needs on the disk, in one trip to a thread instead of a dozen. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DiskOperations } from './disk-operations.ts';

/**
 * `create` and `syncFolder` begin at once and are durable before the next `rename` or `unlink`, or the end: so syncs
 * that do not depend on each other share what the file system does for them.
 */
export type DiskStep =
  /** Fails with ENOENT when there is no such thing. */
  | { readonly do: 'check'; readonly path: string }
  /** One folder in an existing one; it may be there already. Durable after a `syncFolder` of its parent. */
  | { readonly do: 'makeFolder'; readonly path: string }
  /** With `size`, fails with `WRONG_SIZE` when the file is of another one. */
  | { readonly do: 'link'; readonly from: string; readonly to: string; readonly size?: number }
  /** A new file. With `text` its bytes are durable, its name after a `syncFolder`; without, it is empty. */
  | { readonly do: 'create'; readonly path: string; readonly text?: string }
  | { readonly do: 'syncFolder'; readonly path: string }
  | { readonly do: 'rename'; readonly from: string; readonly to: string }
  /** Nothing to do when it is not there. */
  | { readonly do: 'unlink'; readonly path: string };

/** The code of a failure that is not the system's: a linked file is not of the size it should have. */
export const WRONG_SIZE = 'WRONG_SIZE';

/** A step failed; those after it were not begun, those before it stay. */
export class SeriesError extends Error {
  override readonly name = 'SeriesError';
  /** The system's (`ENOSPC`), or `WRONG_SIZE`. */
  readonly code: string;
  /** Which step. */
  readonly step: number;

  constructor(code: string, step: number, detail: string, options: { readonly cause?: unknown } = {}) {
    super(detail, options);
    this.code = code;
    this.step = step;
  }
}

export const mustWait = (step: DiskStep): boolean => step.do === 'rename' || step.do === 'unlink';

/** The steps by a disk's single operations: what `Disk.series` means. */
export async function stepByStep(disk: DiskOperations, steps: readonly DiskStep[]): Promise<void> {
  let syncs: Promise<unknown>[] = [];
  const settle = async (): Promise<void> => {
    const results = await Promise.allSettled(syncs);
    syncs = [];
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };
  const failure = (error: unknown, index: number): SeriesError => {
    if (error instanceof SeriesError) return error;
    const { code = 'EIO', message } = error as NodeJS.ErrnoException;
    return new SeriesError(code, index, message, { cause: error });
  };
  const sync = (work: Promise<void>, index: number): void => {
    const tried = work.catch((error: unknown) => {
      throw failure(error, index);
    });
    tried.catch(() => undefined);
    syncs.push(tried);
  };
  for (const [index, step] of steps.entries()) {
    try {
      if (mustWait(step)) await settle();
      const work = await begin(disk, step);
      if (work) sync(work.sync(), index);
    } catch (error) {
      await settle().catch(() => undefined);
      throw failure(error, index);
    }
  }
  await settle();
}

/** Does a step, but for its sync, which is returned. */
async function begin(disk: DiskOperations, step: DiskStep): Promise<{ sync(): Promise<void> } | undefined> {
  switch (step.do) {
    case 'check':
      await stat(step.path);
      return undefined;
    case 'makeFolder':
      // Without the parents that `Disk.makeFolder` would make: whoever removed those must be noticed.
      await stat(dirname(step.path));
      await disk.makeFolder(step.path, { sync: false });
      return undefined;
    case 'link':
      await disk.link(step.from, step.to);
      if (step.size !== undefined) await checkSize(step.to, step.size);
      return undefined;
    case 'create':
      return create(disk, step.path, step.text);
    case 'syncFolder':
      return { sync: () => disk.syncFolder(step.path) };
    case 'rename':
      await disk.rename(step.from, step.to);
      return undefined;
    case 'unlink':
      await unlinkIfThere(disk, step.path);
      return undefined;
  }
}

async function create(
  disk: DiskOperations,
  path: string,
  text: string | undefined,
): Promise<{ sync(): Promise<void> } | undefined> {
  const file = await disk.open(path, 'create');
  try {
    if (text !== undefined) await file.write(Buffer.from(text));
  } catch (error) {
    await file.close();
    throw error;
  }
  if (text !== undefined) return { sync: () => file.sync().finally(() => file.close()) };
  await file.close();
  return undefined;
}

async function checkSize(path: string, size: number): Promise<void> {
  const found = (await stat(path)).size;
  if (found !== size) throw Object.assign(new Error(`${found} bytes`), { code: WRONG_SIZE });
}

export async function unlinkIfThere(disk: DiskOperations, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
