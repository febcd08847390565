/** Postgres stores in schemas of one test; they end with it. */
import { onTestFinished } from 'vitest';
import type { FullStore } from '../../src/storage/contract.ts';
import backend from '../../src/storage/postgres/index.ts';
import { labelOf, leafContext } from '../build/leaf.ts';
import { postgresServer, rowsOf, unusedName } from '../build/postgres.ts';

export const context = leafContext('crashes');
export const label = labelOf('crashes');
export const init = (options: Record<string, unknown>, createDatabase = false) =>
  backend.upkeep?.init?.(options, context, { createDatabase, label });

/** A schema without tables yet; its name needs no quotes. */
export async function fresh(change: Record<string, unknown> = {}) {
  const { url } = postgresServer();
  const schema = unusedName();
  const options = { url, schema, ...change };
  onTestFinished(async () => void (await rowsOf(url, `drop schema if exists ${schema} cascade`)));
  const open = async (): Promise<FullStore> => {
    const store = (await backend.open(options, context, label)) as FullStore;
    onTestFinished(() => store.close());
    return store;
  };
  return { url, schema, options, open };
}

/** With its tables, and a store that is open. */
export async function ready(change: Record<string, unknown> = {}) {
  const made = await fresh(change);
  await init(made.options);
  return { ...made, store: await made.open() };
}
