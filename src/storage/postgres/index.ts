import { DatabaseSettingError } from '../../database/errors.ts';
import { PostgresPool } from '../../database/postgres-pool.ts';
import { type PostgresSettings, postgresSchema } from '../../database/postgres-settings.ts';
import type { SettingsSchema } from '../../lib/settings.ts';
import { fromDatabase } from '../database-errors.ts';
import { defineBackend, type OpenContext } from '../definition.ts';
import type { UpkeepOptions } from '../upkeep.ts';
import { POSTGRES_CAPABILITIES, PostgresStorage } from './postgres-storage.ts';
import { createDatabase, initSchema, prepareSchema, sweepSchema, wipeSchema } from './schema.ts';
import { isSchemaName, Tables } from './tables.ts';

export interface PostgresStorageOptions extends PostgresSettings {
  readonly url: string;
  readonly schema: string;
}

export const postgresStorageSchema: SettingsSchema<PostgresStorageOptions> = {
  url: {
    doc: 'postgres://USER:PASSWORD@HOST:5432/DATABASE. The same as DATABASE_URL is fine: both share one pool.',
    format: String,
    default: '',
    sensitive: true,
  },
  schema: {
    doc: 'Schema of Postgres that the tables lie in; no other store may have the same. Empty: auxilio_ and the name of the store.',
    format: String,
    default: '',
  },
  ...postgresSchema,
};

type Label = (key: string) => string;

function tablesOf({ schema }: PostgresStorageOptions, { name }: OpenContext, label: Label): Tables {
  const chosen = schema === '' ? `auxilio_${name}` : schema;
  if (isSchemaName(chosen)) return new Tables(chosen);
  throw new DatabaseSettingError(
    `${label('schema')}: ${chosen} is no name for a schema: lower-case letters, digits and _, 40 at most`,
  );
}

const poolOf = (
  { url, schema: _, ...settings }: PostgresStorageOptions,
  { log }: OpenContext,
  label: Label,
): PostgresPool => new PostgresPool({ url, settings, label, log });

/** With the pool, which is closed afterwards; failures as a store says them. */
async function withPool<T>(
  options: PostgresStorageOptions,
  context: OpenContext,
  { label = (key) => key }: UpkeepOptions,
  work: (pool: PostgresPool, tables: Tables) => Promise<T>,
): Promise<T> {
  let pool: PostgresPool | undefined;
  try {
    pool = poolOf(options, context, label);
    return await work(pool, tablesOf(options, context, label));
  } catch (error) {
    throw fromDatabase(context.name, error);
  } finally {
    await pool?.close();
  }
}

/** The database that every server has, to create others from. */
function maintenanceUrl(url: string): string {
  const parsed = new URL(url);
  parsed.pathname = '/postgres';
  parsed.searchParams.delete('dbname');
  return parsed.href;
}

export default defineBackend<PostgresStorageOptions>({
  use: 'postgres',
  schema: postgresStorageSchema,
  capabilities: () => POSTGRES_CAPABILITIES,
  async open(options, context, label) {
    try {
      const tables = tablesOf(options, context, label);
      return await PostgresStorage.open(context.name, () => poolOf(options, context, label), tables);
    } catch (error) {
      throw fromDatabase(context.name, error);
    }
  },
  upkeep: {
    async init(options, context, how) {
      const done: string[] = [];
      if (how.createDatabase) {
        const { database } = await withPool(options, context, how, async (pool) => pool.address);
        const elsewhere = { ...options, url: maintenanceUrl(options.url) };
        const isNew = await withPool(elsewhere, context, how, (pool) => createDatabase(pool, database, how));
        if (isNew) done.push(`created database ${database}`);
      }
      return withPool(options, context, how, async (pool, tables) => [
        ...done,
        ...(await initSchema(pool, tables, how)),
      ]);
    },
    sweep: (options, context, how) =>
      withPool(options, context, how, (pool, tables) => sweepSchema(pool, tables, how)),
    prepare: (options, context, how) =>
      withPool(options, context, how, (pool, tables) => prepareSchema(context.name, pool, tables, how)),
    wipe: (options, context, how) =>
      withPool(options, context, how, (pool, tables) => wipeSchema(pool, tables, how)),
  },
});
