/**
 * One of all processes at a time. Templates cannot be changed on condition that they are as they were read, so whoever
 * can make the index of this name has the lock: making one is the only thing that a cluster lets one of several do.
 */
import type { Client } from '@elastic/elasticsearch';
import { sleep } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { answerOf } from './errors.ts';

export interface ClusterLock {
  readonly client: Client;
  readonly store: string;
  /** Of the index, which is there while the lock is held. */
  readonly name: string;
  /** Of requests, ms. */
  readonly timeoutMs: number;
}

/** A holder who has it for longer has died with it: the work takes a second. */
const LEASE_MS = 60_000;
const LONGEST_PAUSE_MS = 200;

export async function withClusterLock<T>(
  lock: ClusterLock,
  work: () => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  await take(lock, options);
  try {
    return await work();
  } finally {
    // Without the signal: a lock that stays would keep everybody else waiting.
    await remove(lock);
  }
}

async function take(lock: ClusterLock, { signal }: CallOptions): Promise<void> {
  const { client, store, name, timeoutMs } = lock;
  const request = { requestTimeout: timeoutMs, ...(signal && { signal }) };
  const settings = { number_of_shards: 1, number_of_replicas: 0 };
  for (const until = Date.now() + 2 * LEASE_MS; Date.now() < until; ) {
    try {
      await client.indices.create({ index: name, settings, wait_for_active_shards: 0 }, request);
      return;
    } catch (error) {
      if (answerOf(error)?.error?.type !== 'resource_already_exists_exception') throw error;
    }
    const held = await client.indices.getSettings({ index: name, ignore_unavailable: true }, request);
    const since = Number(held[name]?.settings?.index?.creation_date ?? Date.now());
    if (Date.now() - since > LEASE_MS) await remove(lock);
    else await sleep(Math.random() * LONGEST_PAUSE_MS, { signal });
  }
  throw new StorageError(
    'unavailable',
    store,
    `others hold the lock ${name}; if nobody does, delete that index`,
  );
}

async function remove({ client, name, timeoutMs }: ClusterLock): Promise<void> {
  await client.indices.delete({ index: name, ignore_unavailable: true }, { requestTimeout: timeoutMs });
}
