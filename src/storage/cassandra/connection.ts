/** A client of the driver, made from the settings: opened, and closed by whoever opened it. */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { Client, type ClientOptions, policies, types } from 'cassandra-driver';
import { raceSignal, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { cassandraError } from './cassandra-errors.ts';
import { type CassandraOptions, type Consistency, checkOptions, type Label, sameKey } from './settings.ts';

/** The driver's default waits ten minutes after a longer outage before it looks again. */
const RECONNECT_MS = { first: 250, last: 10_000 } as const;

const DRIVER_CONSISTENCIES: Readonly<Record<Consistency, types.consistencies>> = {
  any: types.consistencies.any,
  one: types.consistencies.one,
  two: types.consistencies.two,
  three: types.consistencies.three,
  quorum: types.consistencies.quorum,
  all: types.consistencies.all,
  local_quorum: types.consistencies.localQuorum,
  each_quorum: types.consistencies.eachQuorum,
  local_one: types.consistencies.localOne,
};

export const driverConsistency = (level: Consistency): types.consistencies => DRIVER_CONSISTENCIES[level];

/**
 * The next node, `retries` times in all. The driver's own policy goes on until no node is left: with twenty that
 * stand still, a request would take twenty times its timeout.
 */
class BoundedRetries extends policies.retry.RetryPolicy {
  readonly #retries: number;

  constructor(retries: number) {
    super();
    this.#retries = retries;
  }

  override onRequestError(
    ...[info, consistency, error]: Parameters<policies.retry.RetryPolicy['onRequestError']>
  ): policies.retry.DecisionInfo {
    return info.nbRetry < this.#retries
      ? super.onRequestError(info, consistency, error)
      : this.rethrowResult();
  }

  override onUnavailable(
    ...[info, ...rest]: Parameters<policies.retry.RetryPolicy['onUnavailable']>
  ): policies.retry.DecisionInfo {
    return info.nbRetry < this.#retries ? super.onUnavailable(info, ...rest) : this.rethrowResult();
  }
}

async function pem(store: string, path: string, setting: string): Promise<Buffer | undefined> {
  if (path === '') return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError('invalid', store, `${setting}: ${why}`, { cause });
  }
}

async function tlsOptions(
  store: string,
  options: CassandraOptions,
  label: Label,
): Promise<ConnectionOptions | undefined> {
  if (!options.tls) return undefined;
  const [ca, cert, key] = await Promise.all([
    pem(store, options.tls_ca, label('tls_ca')),
    pem(store, options.tls_cert, label('tls_cert')),
    pem(store, options.tls_key, label('tls_key')),
  ]);
  return {
    // The driver does not check certificates unless told to.
    rejectUnauthorized: true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(options.tls_server_name !== '' && { servername: options.tls_server_name }),
  };
}

const withPort = (point: string, port: number): string =>
  /^\[.*\]$|^[^:]+$/.test(point) ? `${point}:${port}` : point;

async function clientOptions(
  store: string,
  options: CassandraOptions,
  keyspace: boolean,
  label: Label,
): Promise<ClientOptions & { readonly monitorReporting: { readonly enabled: boolean } }> {
  const sslOptions = await tlsOptions(store, options, label);
  const { username, password } = options;
  return {
    contactPoints: options.contact_points.map((point) => withPort(point, options.port)),
    // Its default policy is aware of tokens: prepared statements go to a replica of what they name.
    localDataCenter: options.local_data_center,
    ...(keyspace && { keyspace: options.keyspace }),
    ...(username !== '' && { credentials: { username, password } }),
    ...(sslOptions && { sslOptions }),
    policies: {
      retry: new BoundedRetries(options.retries),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        RECONNECT_MS.first,
        RECONNECT_MS.last,
        true,
      ),
    },
    protocolOptions: { port: options.port },
    queryOptions: { prepare: true, consistency: driverConsistency(options.read_consistency) },
    socketOptions: { connectTimeout: options.connect_timeout, readTimeout: options.request_timeout },
    // Blobs are views of what came from the socket: each is used and dropped at once.
    encoding: { copyBuffer: false },
    monitorReporting: { enabled: false },
  };
}

export interface ConnectOptions extends CallOptions {
  /** What messages call a setting. Default: its key. */
  readonly label?: Label | undefined;
  /** False before the keyspace is there. Default: true. */
  readonly keyspace?: boolean;
}

/** Connected and logged in. The caller shuts it down. Rejects with a StorageError that names the setting to look at. */
export async function connect(
  store: string,
  options: CassandraOptions,
  { label = sameKey, keyspace = true, signal }: ConnectOptions = {},
): Promise<Client> {
  checkOptions(options, label);
  throwIfAborted(signal);
  const client = new Client(await clientOptions(store, options, keyspace, label));
  const connecting = client.connect();
  try {
    await raceSignal(connecting, signal);
    return client;
  } catch (error) {
    // The sockets it has opened so far; when the signal was first, it may still be opening some.
    connecting
      .catch(() => undefined)
      .then(() => client.shutdown())
      .catch(() => undefined);
    throw notConnected(store, error, options, label);
  }
}

/** A node that is reached and says nothing is, more often than slow, another service or one that waits for TLS. */
function notConnected(store: string, error: unknown, options: CassandraOptions, label: Label): StorageError {
  const failure = cassandraError(store, error, label);
  if (failure.code !== 'timeout') return failure;
  const asked = options.contact_points.join(', ');
  const settings = ['contact_points', 'port', 'tls', 'request_timeout'].map(label).join(', ');
  return new StorageError('timeout', store, `${asked}: nothing answers as Cassandra does; see ${settings}`, {
    cause: error,
  });
}

/** Connects, hands the driver's client to `work`, and shuts it down however `work` ends. */
export async function withConnection<T>(
  store: string,
  options: CassandraOptions,
  work: (client: Client) => Promise<T>,
  how: ConnectOptions = {},
): Promise<T> {
  const client = await connect(store, options, how);
  try {
    return await work(client);
  } catch (error) {
    throw cassandraError(store, error, how.label);
  } finally {
    await client.shutdown();
  }
}
