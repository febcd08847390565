import { randomBytes } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import { afterAll } from 'vitest';
import { mapConcurrent } from '../../../src/lib/concurrency.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import { CassandraStorage } from '../../../src/storage/cassandra/cassandra-storage.ts';
import { withConnection } from '../../../src/storage/cassandra/connection.ts';
import { type CassandraOptions, cassandraStorageSchema } from '../../../src/storage/cassandra/settings.ts';
import { init } from '../../../src/storage/cassandra/upkeep.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { engine } from '../../build/engines.ts';

const cassandra = engine('cassandra');

/** Settings of a keyspace of their own on the running engine, as text would give them. */
export function cassandraOptions(more: Readonly<Record<string, unknown>> = {}): CassandraOptions {
  if ('missing' in cassandra) throw new Error(cassandra.missing);
  return parseSettings(cassandraStorageSchema, {
    contact_points: cassandra.url,
    keyspace: `auxilio_${randomBytes(8).toString('hex')}`,
    ...more,
  });
}

export async function makeKeyspace(options: CassandraOptions): Promise<void> {
  const store = (): never => {
    throw new Error('no other store is needed');
  };
  await init(
    options,
    { name: 'cassandra', dataDir: '/nowhere', log: silentLog, store },
    { createDatabase: true },
  );
}

export const dropKeyspace = (options: CassandraOptions): Promise<void> =>
  withConnection(
    'cassandra',
    options,
    async (client) => {
      await client.execute(`drop keyspace if exists "${options.keyspace}"`, [], { prepare: false });
    },
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

const emptyKeyspace = (options: CassandraOptions): Promise<void> =>
  withConnection('cassandra', options, async (client) => {
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

/** Intents of nobody, chunks and entries without a manifest, versions that another hides. */
export const strays = (options: CassandraOptions): Promise<readonly string[]> =>
  withConnection('cassandra', options, async (client) => {
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

/** One keyspace for all stores of a test file: to make one takes as long as most of its cases. */
let shared: { readonly options: Promise<CassandraOptions> } | undefined;

async function makeShared(): Promise<CassandraOptions> {
  const options = cassandraOptions();
  await makeKeyspace(options);
  return options;
}

afterAll(async () => {
  if (shared) await dropKeyspace(await shared.options);
});

const harnesses: readonly StorageHarness[] = [
  {
    use: 'cassandra',
    lacks: ['search', 'scan'],
    streams: true,
    listed: 400,
    ...('missing' in cassandra && { missing: cassandra.missing }),
    async open() {
      shared ??= { options: makeShared() };
      const options = await shared.options;
      const open = (): Promise<CassandraStorage> =>
        CassandraStorage.open('cassandra', options, { log: silentLog });
      const store = await open();
      return {
        store,
        reopen: open,
        leftovers: () => strays(options),
        async dispose() {
          await store.close();
          await emptyKeyspace(options);
        },
      };
    },
  },
];

export default harnesses;
