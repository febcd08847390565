/** Is the schema there and of our version; how it is made, by one process at a time; how the tables are emptied. */
import { randomUUID } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import { raceSignal, sleep, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { micros, Session } from './session.ts';
import { type CassandraOptions, type Label, replicationOf } from './settings.ts';
import { MIGRATIONS, TABLES } from './tables.ts';

const META = 'create table if not exists meta (name text primary key, value text)';
const READ_META = 'select value from meta where name = ?';
const WRITE_META = 'insert into meta (name, value) values (?, ?)';

export async function readMeta(
  session: Session,
  name: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const [row] = await session.rows(READ_META, [name], options);
  return row && String(row['value']);
}

export const writeMeta = (session: Session, name: string, value: string): Promise<void> =>
  session.write(WRITE_META, [name, value], { at: micros() });

/** Rejects with `invalid` and the command to run; with what Cassandra says when there is no table at all. */
export async function checkSchema(store: string, session: Session, options?: CallOptions): Promise<void> {
  const version = Number((await readMeta(session, 'schema', options)) ?? 0);
  if (version === MIGRATIONS.length) return;
  const detail =
    version > MIGRATIONS.length
      ? `the schema is of version ${version}, of a newer Auxilio than this, which knows ${MIGRATIONS.length}`
      : `the schema is of version ${version} and should be ${MIGRATIONS.length}; run: auxilio store init ${store}`;
  throw new StorageError('invalid', store, detail);
}

/** The server itself takes up to a minute for a truncate (`truncate_request_timeout`). */
const ALTER_TIMEOUT_MS = 65_000;

/** For statements that change the schema or empty a table. */
export async function alter(client: Client, cql: string): Promise<void> {
  await client.execute(cql, [], { prepare: false, readTimeout: ALTER_TIMEOUT_MS });
}

const BY_ITSELF = 3;

/** Makes the keyspace unless it is there. `client` has no keyspace. Resolves with a line when it made one. */
export async function createKeyspace(
  client: Client,
  options: CassandraOptions,
  { signal, label }: CallOptions & { readonly label?: Label | undefined } = {},
): Promise<readonly string[]> {
  const { keyspace, local_data_center } = options;
  const { rows } = await raceSignal(
    client.execute('select keyspace_name from system_schema.keyspaces where keyspace_name = ?', [keyspace]),
    signal,
  );
  if (rows.length > 0) {
    await visible(client, keyspace, { signal });
    return [];
  }
  const nodes = client.hosts.values().filter((host) => host.datacenter === local_data_center).length;
  const given = replicationOf(options, label);
  const wanted =
    given.length > 0 ? given : [{ dataCenter: local_data_center, copies: Math.min(nodes, BY_ITSELF) }];
  const replicas = wanted.map(({ dataCenter, copies }) => `'${dataCenter}': ${copies}`);
  await raceSignal(
    alter(
      client,
      `create keyspace if not exists "${keyspace}" with replication = {'class': 'NetworkTopologyStrategy', ${replicas.join(', ')}}`,
    ),
    signal,
  );
  await visible(client, keyspace, { signal });
  return [`keyspace ${keyspace}: made, ${wanted.map((w) => `${w.dataCenter}:${w.copies}`).join(', ')}`];
}

const VISIBLE_ATTEMPTS = 50;

/** The driver's types leave it out (cassandra-driver 4.10). */
interface AgreeingMetadata {
  checkSchemaAgreement(): Promise<boolean>;
}

/** A keyspace that another has just made stands in the system's tables before it can be used, and on one node first. */
async function visible(client: Client, keyspace: string, options: CallOptions): Promise<void> {
  const metadata = client.metadata as unknown as AgreeingMetadata;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.execute(`use "${keyspace}"`, [], { prepare: false });
      if ((await metadata.checkSchemaAgreement()) || attempt >= VISIBLE_ATTEMPTS) return;
    } catch (error) {
      if (attempt >= VISIBLE_ATTEMPTS) throw error;
    }
    await sleep(WAIT_MS.step, options);
  }
}

/** Renewed before each statement, and longer than one can take. */
const LEASE_SECONDS = 120;
const LEASE_MARGIN_MS = 15_000;
const WAIT_MS = { step: 200, most: 180_000 } as const;

/** One process at a time alters the schema: Cassandra itself lets two make one table twice, with two ids. */
class SchemaLease {
  readonly #client: Client;
  readonly #holder = randomUUID();
  #taken = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  async take(store: string, options: CallOptions): Promise<void> {
    for (let waited = 0; ; waited += WAIT_MS.step) {
      throwIfAborted(options.signal);
      this.#taken = Date.now();
      const { rows } = await this.#client.execute(
        `insert into meta (name, value) values ('init', ?) if not exists using ttl ${LEASE_SECONDS}`,
        [this.#holder],
      );
      // A light-weight transaction whose answer was lost and that was sent again finds its own lease.
      if (rows[0]?.['[applied]'] === true || rows[0]?.['value'] === this.#holder) return;
      if (waited >= WAIT_MS.most)
        throw new StorageError('unavailable', store, 'another auxilio store init is at work');
      await sleep(WAIT_MS.step, options);
    }
  }

  /** Before each statement; asks only when the time that is left would not do for one. */
  async renew(store: string): Promise<void> {
    if (Date.now() - this.#taken < LEASE_SECONDS * 1000 - ALTER_TIMEOUT_MS - LEASE_MARGIN_MS) return;
    const taken = Date.now();
    const result = await this.#client.execute(
      `update meta using ttl ${LEASE_SECONDS} set value = ? where name = 'init' if value = ?`,
      [this.#holder, this.#holder],
    );
    if (result.rows[0]?.['[applied]'] !== true)
      throw new StorageError('unavailable', store, 'the schema took too long, and another init is at work');
    this.#taken = taken;
  }

  async release(): Promise<void> {
    await this.#client.execute("delete from meta where name = 'init' if value = ?", [this.#holder]);
  }
}

const META_ATTEMPTS = 5;

/** The lease itself needs a table, which two may make at once: whoever loses looks again. */
async function createMeta(client: Client, options: CallOptions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await alter(client, META);
      await client.execute(READ_META, ['schema']);
      return;
    } catch (error) {
      if (attempt === META_ATTEMPTS) throw error;
      await sleep(attempt * WAIT_MS.step, options);
    }
  }
}

/** Tables of the version of this program. Resolves with a line for each version it went up. */
export async function migrate(
  store: string,
  client: Client,
  options: CassandraOptions,
  call: CallOptions = {},
): Promise<readonly string[]> {
  await createMeta(client, call);
  const session = new Session(client, options);
  const lease = new SchemaLease(client);
  await lease.take(store, call);
  try {
    const lines: string[] = [];
    const from = Number((await readMeta(session, 'schema', call)) ?? 0);
    if (from > MIGRATIONS.length) await checkSchema(store, session, call);
    for (const [index, statements] of MIGRATIONS.entries()) {
      if (index < from) continue;
      for (const statement of statements(options.ttl)) {
        throwIfAborted(call.signal);
        await lease.renew(store);
        await alter(client, statement);
      }
      await writeMeta(session, 'schema', String(index + 1));
      lines.push(`keyspace ${options.keyspace}: schema of version ${index + 1}`);
    }
    return lines;
  } finally {
    // One that cannot be released expires; what went wrong before is worth more than that.
    await lease.release().catch(() => undefined);
  }
}

/** Days are not emptied: they say how lists are spread, which writers at work remember. */
const EMPTIED = TABLES.filter((name) => name !== 'day');

/** Resolves with a line for each table that had something in it. */
export async function emptyTables(
  client: Client,
  { keyspace }: CassandraOptions,
  { signal }: CallOptions = {},
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const name of EMPTIED) {
    throwIfAborted(signal);
    const { rows } = await client.execute(`select * from ${name} limit 1`);
    if (rows.length === 0) continue;
    await alter(client, `truncate ${name}`);
    lines.push(`table ${keyspace}.${name}: emptied`);
  }
  return lines;
}
