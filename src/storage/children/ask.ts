/** Asking several stores: all of them, or one after the other. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { type Capability, type CrashStorage, can, type Health, type Store } from '../contract.ts';
import { combine } from '../errors.ts';

/** Those of the stores that can. */
export const able = <C extends Capability>(
  stores: readonly Store[],
  capability: C,
): readonly CrashStorage<C>[] => stores.filter((s): s is CrashStorage<C> => can(s, capability));

/** Runs `work` on every store at once and waits for all; when some failed, rejects with every failure. */
export async function askEvery<S extends Store, T>(
  name: string,
  stores: readonly S[],
  work: (store: S) => Promise<T>,
  options?: CallOptions,
): Promise<T[]> {
  const settled = await Promise.allSettled(stores.map(async (store) => work(store)));
  const failures = settled.filter((s) => s.status === 'rejected').map((s) => s.reason as unknown);
  if (failures.length === 0) return settled.map((s) => (s as PromiseFulfilledResult<T>).value);
  throwIfAborted(options?.signal);
  throw combine(name, failures);
}

/** The first store's answer, or the next one's on any error; rejects with every failure. */
export async function askInTurn<S extends Store, T>(
  name: string,
  stores: readonly S[],
  work: (store: S) => Promise<T>,
  options?: CallOptions,
): Promise<T> {
  const failures: unknown[] = [];
  for (const store of stores) {
    try {
      return await work(store);
    } catch (error) {
      throwIfAborted(options?.signal);
      failures.push(error);
    }
  }
  throw combine(name, failures);
}

/** True when any store had something; every store is asked, and every failure reported. */
export async function removeEverywhere<S extends Store>(
  name: string,
  stores: readonly S[],
  remove: (store: S) => Promise<boolean>,
  options?: CallOptions,
): Promise<boolean> {
  return (await askEvery(name, stores, remove, options)).some(Boolean);
}

/** Healthy when all are; names what is degraded below. */
export async function healthOfAll(
  name: string,
  stores: readonly Store[],
  options?: CallOptions,
): Promise<Health> {
  const all = await askEvery(name, stores, (store) => store.health(options), options);
  return { degraded: all.flatMap((health) => health.degraded) };
}
