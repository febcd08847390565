/** Keyspaces of a test's own on the Cassandra that `npm run engines -- up cassandra` started. */
import { randomBytes } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import { mapConcurrent } from '../../src/lib/concurrency.ts';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { CassandraStorage } from '../../src/storage/cassandra/cassandra-storage.ts';
import { withConnection } from '../../src/storage/cassandra/connection.ts';
import { alter } from '../../src/storage/cassandra/schema.ts';
import { type CassandraOptions, cassandraStorageSchema } from '../../src/storage/cassandra/settings.ts';
import { init } from '../../src/storage/cassandra/upkeep.ts';
import { type Engine, engine } from './engines.ts';
import { leafContext } from './leaf.ts';

const state = engine('cassandra');

/** Why there is no Cassandra here: for a harness's `missing`, or `describe.skipIf`. */
export const cassandraMissing: string | undefined = 'missing' in state ? state.missing : undefined;

/** Only where it is not missing. */
export const cassandraServer = (): Engine => {
  if ('missing' in state) throw new Error(state.missing);
  return state;
};

export const cassandraContext = leafContext('crashes');

/** Settings of a keyspace that is not there yet, as text would give them. */
export const cassandraOptions = (more: Readonly<Record<string, unknown>> = {}): CassandraOptions =>
  parseSettings(cassandraStorageSchema, {
    contact_points: cassandraServer().url,
    keyspace: `auxilio_${randomBytes(8).toString('hex')}`,
    ...more,
  });

export const openCassandra = (options: CassandraOptions): Promise<CassandraStorage> =>
  CassandraStorage.open('crashes', options, { log: silentLog });

/** With the settings given, and its tables. The caller drops it. */
export async function makeKeyspace(more: Readonly<Record<string, unknown>> = {}): Promise<CassandraOptions> {
  const options = cassandraOptions(more);
  await init(options, cassandraContext, { createDatabase: true });
  return options;
}

export const dropKeyspace = (options: CassandraOptions): Promise<void> =>
  withConnection(
    'crashes',
    options,
    (client) => alter(client, `drop keyspace if exists "${options.keyspace}"`),
    { keyspace: false },
  );

/** Partition keys by table: what is deleted so. A truncate takes a hundred times as long. */
const PARTITIONS: Readonly<Record<string, readonly string[]>> = {
  manifest: ['owner'],
  chunk: ['upload', 'piece'],
  intent: ['slot', 'bucket'],
  entry: ['day', 'buckets', 'bucket'],
  blob_key: ['shard'],
};

export const emptyKeyspace = (options: CassandraOptions): Promise<void> =>
  withConnection('crashes', options, async (client) => {
    for (const [table, key] of Object.entries(PARTITIONS)) {
      const found = await client.execute(`select distinct ${key.join(', ')} from ${table}`, [], {
        fetchSize: 50_000,
      });
      const where = key.map((name) => `${name} = ?`).join(' and ');
      await mapConcurrent(found.rows, 32, (row) =>
        client.execute(`delete from ${table} where ${where}`, row.values()),
      );
    }
  });

const column = async (client: Client, cql: string): Promise<readonly string[]> =>
  (await client.execute(cql, [], { fetchSize: 50_000 })).rows.map((row) => String(row.values()[0]));

/** Intents, chunks and entries without a manifest, versions that another hides: none when all is well. */
export const strays = (options: CassandraOptions): Promise<readonly string[]> =>
  withConnection('crashes', options, async (client) => {
    const [intents, chunks, entries, keys] = await Promise.all(
      ['intent', 'chunk', 'entry', 'blob_key'].map((table) => column(client, `select upload from ${table}`)),
    );
    const { rows } = await client.execute('select owner, kind, upload from manifest', [], {
      fetchSize: 50_000,
    });
    const newest = new Map<string, string>();
    const hidden: string[] = [];
    for (const row of rows) {
      const key = `${row['kind']} ${row['owner']}`;
      if (newest.has(key)) hidden.push(`manifest of ${key}`);
      else newest.set(key, String(row['upload']));
    }
    const known = new Set(newest.values());
    const unknown = (what: string, uploads: readonly string[] = []): readonly string[] =>
      uploads.filter((upload) => !known.has(upload)).map((upload) => `${what} of ${upload}`);
    return [
      ...(intents ?? []).map((upload) => `intent of ${upload}`),
      ...unknown('chunk', chunks),
      ...unknown('entry', entries),
      ...unknown('key', keys),
      ...hidden,
    ];
  });
