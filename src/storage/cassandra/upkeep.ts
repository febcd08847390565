/** `auxilio store init|sweep|wipe` for a Cassandra store. */
import type { OpenContext } from '../definition.ts';
import type { Upkeep, UpkeepOptions } from '../upkeep.ts';
import { CassandraStorage } from './cassandra-storage.ts';
import { withConnection } from './connection.ts';
import { checkSchema, createKeyspace, emptyTables, migrate } from './schema.ts';
import { Session } from './session.ts';
import type { CassandraOptions } from './settings.ts';

type Init = NonNullable<Upkeep<CassandraOptions>['init']>;
type Sweep = NonNullable<Upkeep<CassandraOptions>['sweep']>;

export const init: Init = async (options, { name }, { createDatabase, ...how }) => {
  const made = createDatabase
    ? await withConnection(name, options, (client) => createKeyspace(client, options, how), {
        ...how,
        keyspace: false,
      })
    : [];
  const migrated = await withConnection(name, options, (client) => migrate(name, client, options, how), how);
  return [...made, ...migrated];
};

export const sweep: Sweep = async (options, context, { olderThanMs, dryRun, signal, label }) => {
  const store = await CassandraStorage.open(context.name, options, { log: context.log, signal, label });
  try {
    return await store.sweep({ olderThanMs, dryRun, signal });
  } finally {
    await store.close();
  }
};

export const wipe = (
  options: CassandraOptions,
  { name }: OpenContext,
  how: UpkeepOptions,
): Promise<readonly string[]> =>
  withConnection(
    name,
    options,
    async (client) => {
      await checkSchema(name, new Session(client, options), how);
      return emptyTables(client, options, how);
    },
    how,
  );
