/** The queue's folder as a whole: whose it is, whether it can be written, what its errors mean. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAborted } from '../../lib/abort.ts';
import { type Disk, NodeDisk } from '../../lib/disk.ts';
import { errnoOf } from '../../lib/errno.ts';
import { LANES, QueueError } from '../contract.ts';

const MARKER = 'queue.json';
const LAYOUT = 'auxilio-queue-1';

/** Failures of the disk as QueueErrors: `full`, `aborted` or `unavailable`, each with its cause. */
export function toQueueError(error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  if (isAborted(error)) return new QueueError('aborted', 'the call was aborted', { cause: error });
  const code = errnoOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new QueueError('full', detail, { cause: error });
  return new QueueError(code ? 'unavailable' : 'internal', detail, { cause: error });
}

/** Makes the folder, or checks that it is a queue's of this layout. Rejects with `invalid` when it is something else. */
export async function openFolder(root: string, disk: Disk): Promise<void> {
  await disk.makeFolder(root);
  const layout = await readLayout(join(root, MARKER));
  if (layout === LAYOUT) return;
  if (layout !== undefined)
    throw new QueueError('invalid', `${root} has the layout ${layout}, this program knows ${LAYOUT}`);
  const temporary = join(root, `.${MARKER}.${randomBytes(6).toString('hex')}`);
  const file = await disk.open(temporary, 'create');
  try {
    await file.write(Buffer.from(`${JSON.stringify({ layout: LAYOUT })}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, join(root, MARKER));
  await disk.syncFolder(root);
}

/** Where tasks lie, whatever their state. */
const TASK_FOLDERS = [...LANES, 'delayed', 'claimed', 'dead'] as const;

/** Forgets every task. A process that has one in hand finds it gone, as after an erasure. */
export async function wipeFolder(root: string): Promise<void> {
  const disk = new NodeDisk();
  try {
    if ((await readLayout(join(root, MARKER))) !== LAYOUT) return;
    for (const name of TASK_FOLDERS) await disk.removeFolder(join(root, name));
    await disk.syncFolder(root);
  } catch (error) {
    throw toQueueError(error);
  }
}

async function readLayout(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { layout } = JSON.parse(text) as { readonly layout?: unknown };
    return typeof layout === 'string' ? layout : 'unknown';
  } catch (error) {
    if (error instanceof SyntaxError) return 'unknown';
    throw error;
  }
}

/** Does what publishing does: makes a file. */
export async function probe(root: string, disk: Disk): Promise<void> {
  const path = join(root, `.probe.${randomBytes(6).toString('hex')}`);
  const file = await disk.open(path, 'create');
  await file.close();
  await disk.unlink(path);
}
