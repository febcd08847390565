/** Real stores for jobs, crashes of any day in them, and a switch that makes a store fail. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CrashId, createCrashId } from '../../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../../src/model/processed-crash.ts';
import { freezeRaw, type RawCrash } from '../../../src/model/report.ts';
import { FIELDS } from '../../../src/search/field-list.ts';
import type { FullStore, Store } from '../../../src/storage/contract.ts';
import { StorageError, type StorageErrorCode } from '../../../src/storage/errors.ts';
import { FsStorage } from '../../../src/storage/fs/fs-storage.ts';
import { layerOver, type Method } from '../../../src/storage/layers/layer.ts';
import postgresBackend from '../../../src/storage/postgres/index.ts';
import { SqliteStorage } from '../../../src/storage/sqlite/sqlite-storage.ts';
import { leafContext } from '../../build/leaf.ts';
import { scratchDatabase } from '../../build/postgres.ts';
import { rawCrash } from '../../build/raw-crash.ts';
import { benchFolder } from './job-bench.ts';

const closing = <T extends Store>(store: T): T => {
  onTestFinished(() => store.close());
  return store;
};

export const fsStore = async (name: string): Promise<FsStorage> =>
  closing(await FsStorage.open(name, { root: join(await benchFolder(), 'root'), depth: 2 }));

export async function sqliteStore(name: string): Promise<SqliteStorage> {
  const store = closing(await SqliteStorage.open(name, { file: join(await benchFolder(), 'index.db') }));
  await store.applyFields(FIELDS);
  return store;
}

/** Schema made, fields known. `options` go to upkeep, too. */
export async function postgresStore(name: string) {
  const { url, drop } = await scratchDatabase();
  onTestFinished(drop);
  const options = { url };
  const context = leafContext(name);
  await postgresBackend.upkeep?.init?.(options, context, { createDatabase: false });
  const store = closing((await postgresBackend.open(options, context)) as FullStore);
  await store.applyFields(FIELDS);
  return { store, options, context, url };
}

/** Received at noon of the day, or at the time given. */
export function crashOn(day: string, annotations: Readonly<Record<string, string>> = {}): RawCrash {
  const receivedAt = day.length === 10 ? `${day}T12:00:00.000Z` : day;
  const id = createCrashId(new Date(receivedAt));
  return freezeRaw({ ...rawCrash(annotations), id, receivedAt, annotations: { ...annotations } } as RawCrash);
}

export const processedOf = (raw: RawCrash, more: Readonly<Record<string, unknown>> = {}): ProcessedCrash => ({
  id: raw.id,
  signature: 'a | b',
  date_processed: raw.receivedAt,
  ...more,
});

export const saveRaw = async (store: Store, ...crashes: readonly RawCrash[]): Promise<void> => {
  for (const raw of crashes) await (store as FullStore).saveReport({ raw, dumps: [] });
};

export const saveProcessed = async (store: Store, ...crashes: readonly RawCrash[]): Promise<void> => {
  for (const raw of crashes) await (store as FullStore).saveProcessed(raw, processedOf(raw));
};

export async function listed(store: Store, ...days: readonly string[]): Promise<readonly CrashId[]> {
  const ids: CrashId[] = [];
  for (const day of days) for await (const id of (store as FullStore).list(day)) ids.push(id);
  return ids.sort();
}

export const idsOf = (...crashes: readonly RawCrash[]): readonly CrashId[] =>
  crashes.map(({ id }) => id).sort();

export interface Switched {
  readonly store: FullStore;
  /** What a call fails with; undefined works. */
  fail: (method: Method, first: unknown) => StorageErrorCode | undefined;
  readonly calls: { readonly method: Method; readonly first: unknown }[];
}

/** A real store whose calls may be made to fail. `without` are capabilities that it does not say it has. */
export function switchable(inner: Store, without: readonly string[] = []): Switched {
  const state: Pick<Switched, 'fail' | 'calls'> = { fail: () => undefined, calls: [] };
  const check = (method: Method, first: unknown): void => {
    state.calls.push({ method, first });
    const code = state.fail(method, first);
    if (code) throw new StorageError(code, inner.name, 'switched off');
  };
  const layered = layerOver(inner, 'switched', {
    async call(call, run) {
      check(call.method, call.args[0]);
      return run();
    },
    async *iterate(call, run) {
      check(call.method, call.args[0]);
      yield* run();
    },
  });
  const capabilities = new Set([...layered.capabilities].filter((c) => !without.includes(c)));
  const store = new Proxy(layered, {
    get: (target, key) => (key === 'capabilities' ? capabilities : Reflect.get(target, key, target)),
  });
  return Object.assign(state, { store: store as FullStore });
}
