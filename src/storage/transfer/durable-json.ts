/** A small JSON file that is replaced whole: after a power cut it has the old text or the new one. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import { errnoOf } from '../../lib/errno.ts';

/** Undefined when there is none, or what is there is no JSON. */
export async function loadJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Durable when it resolves. Its folder is made when missing. */
export async function saveJson(disk: Disk, path: string, value: unknown): Promise<void> {
  await disk.makeFolder(dirname(path));
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await disk.open(draft, 'create');
  try {
    await file.write(Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
    await file.sync();
  } catch (error) {
    await file.close();
    await disk.unlink(draft);
    throw error;
  }
  await file.close();
  await disk.rename(draft, path);
  await disk.syncFolder(dirname(path));
}

/** Nothing happens when it is not there. */
export async function removeFile(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
    await disk.syncFolder(dirname(path));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
