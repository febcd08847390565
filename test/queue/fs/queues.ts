/** Queues in temporary folders; they are closed and removed when the test ends, the last first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { createCrashId } from '../../../src/model/crash-id.ts';
import type { CrashTask } from '../../../src/queue/contract.ts';
import { FsQueue, type FsQueueParts } from '../../../src/queue/fs/fs-queue.ts';
import type { FsQueueSettings } from '../../../src/queue/fs/settings.ts';

export const SETTINGS: FsQueueSettings = {
  root: '',
  lease: 60_000,
  poll_interval: 20,
  max_attempts: 3,
  retry_base: 20,
  retry_cap: 60,
  postpone_base: 4,
  postpone_cap: 20,
};

export async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'auxilio-fs-queue-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

export async function openQueue(
  root: string,
  parts: Partial<Omit<FsQueueParts, 'settings'>> & { readonly settings?: Partial<FsQueueSettings> } = {},
): Promise<FsQueue> {
  const queue = await FsQueue.open({
    root,
    log: silentLog,
    ...parts,
    settings: { ...SETTINGS, ...parts.settings },
  });
  onTestFinished(() => queue.close());
  return queue;
}

export const newTask = (): CrashTask => ({ crashId: createCrashId(new Date()) });
