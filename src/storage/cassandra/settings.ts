/** Settings of a Cassandra store. Nothing here loads the driver: `auxilio config` reads them without it. */
import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';

export const CONSISTENCIES = [
  'any',
  'one',
  'two',
  'three',
  'quorum',
  'all',
  'local_quorum',
  'each_quorum',
  'local_one',
] as const;
export type Consistency = (typeof CONSISTENCIES)[number];
/** `any` counts a hint on a dead replica as a write and cannot be read with; `each_quorum` is for writes alone. */
export type ReadConsistency = Exclude<Consistency, 'any' | 'each_quorum'>;
export type WriteConsistency = Exclude<Consistency, 'any'>;

const WRITE_CONSISTENCIES = CONSISTENCIES.filter((level) => level !== 'any');
const READ_CONSISTENCIES = WRITE_CONSISTENCIES.filter((level) => level !== 'each_quorum');

export interface CassandraOptions {
  readonly contact_points: readonly string[];
  readonly port: number;
  readonly local_data_center: string;
  readonly keyspace: string;
  readonly replication: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly tls: boolean;
  readonly tls_ca: string;
  readonly tls_cert: string;
  readonly tls_key: string;
  readonly tls_server_name: string;
  readonly read_consistency: ReadConsistency;
  readonly write_consistency: WriteConsistency;
  readonly ttl: number;
  readonly day_buckets: number;
  readonly connect_timeout: number;
  readonly request_timeout: number;
  readonly retries: number;
  readonly chunks_in_flight: number;
}

export const cassandraStorageSchema: SettingsSchema<CassandraOptions> = {
  contact_points: {
    doc: 'Nodes to ask for the others first: HOST or HOST:PORT, comma-separated.',
    format: 'list',
    default: ['127.0.0.1'],
  },
  port: { doc: 'Port of contact points that name none.', format: 'port', default: 9042 },
  local_data_center: {
    doc: 'Data centre of the nodes that this process talks to, as nodetool status shows it.',
    format: 'name',
    default: 'datacenter1',
  },
  keyspace: {
    doc: 'Keyspace of the crashes, of this store alone; auxilio store init NAME --create-database makes it.',
    format: 'name',
    default: 'auxilio',
  },
  replication: {
    doc: 'Copies by data centre for a keyspace that init makes: dc1:3, dc2:3. Empty: 3 in the local data centre, or as many as it has nodes when it has fewer.',
    format: 'list',
    default: [],
  },
  username: { doc: 'Role to log in with; empty: no authentication.', format: String, default: '' },
  password: { doc: 'Its password.', format: String, default: '', sensitive: true },
  tls: { doc: 'Talk TLS; certificates are always checked.', format: Boolean, default: false },
  tls_ca: {
    doc: "PEM file of the authorities that may sign a node's certificate; empty: those that Node.js trusts.",
    format: String,
    default: '',
  },
  tls_cert: {
    doc: 'PEM file of a client certificate, for nodes that ask for one.',
    format: String,
    default: '',
  },
  tls_key: { doc: 'PEM file of its key.', format: String, default: '' },
  tls_server_name: {
    doc: "Name to expect in the nodes' certificates; empty: the address that is connected to.",
    format: String,
    default: '',
  },
  read_consistency: {
    doc: 'Replicas that must answer a read. Together with write_consistency it should make a majority, else a crash may be missed right after it was saved.',
    format: READ_CONSISTENCIES,
    default: 'local_quorum',
  },
  write_consistency: {
    doc: 'Replicas that must have a write before it counts.',
    format: WRITE_CONSISTENCIES,
    default: 'local_quorum',
  },
  ttl: {
    doc: 'How long what is saved from now on is kept; Cassandra drops it then by itself. 0: for ever.',
    format: 'duration',
    default: 0,
  },
  day_buckets: {
    doc: "Partitions that a day's list of crashes is spread over, 1 to 1024; one for each 500,000 crashes a day is plenty. May be changed: older lists are still read.",
    format: 'nat',
    default: 16,
  },
  connect_timeout: { doc: 'To reach a node.', format: 'duration', default: 5000 },
  request_timeout: {
    doc: 'To wait for a node to answer, before the next is asked. Longer than the timeouts of the server itself.',
    format: 'duration',
    default: 12_000,
  },
  retries: {
    doc: 'Further nodes that the driver may try for one request, 0 to 5. Longer waits are the executor layer’s.',
    format: 'nat',
    default: 1,
  },
  chunks_in_flight: {
    doc: 'Chunks of 1 MB on their way to the nodes at a time, over all calls, 1 to 256: a bound on memory.',
    format: 'nat',
    default: 16,
  },
};

/** 20 years: `org.apache.cassandra.cql3.Attributes` refuses more. */
const LONGEST_TTL_MS = 20 * 365 * 86_400_000;

/** What goes with its rows for as long: chunks get two days more. */
const TTL_MARGIN_MS = 3 * 86_400_000;

export interface Replication {
  readonly dataCenter: string;
  readonly copies: number;
}

/** Empty when `replication` is not set. Throws `SettingsError`. */
export function replicationOf({ replication }: CassandraOptions, label: Label = sameKey): Replication[] {
  return replication.map((text) => {
    const match = /^([\w.-]+):([1-9]\d?)$/.exec(text);
    if (!match?.[1] || !match[2])
      throw new SettingsError(`${label('replication')}: must be like dc1:3, dc2:3; not ${text}`);
    return { dataCenter: match[1], copies: Number(match[2]) };
  });
}

/** Turns a key into what the operator wrote. */
export type Label = (key: string) => string;
export const sameKey: Label = (key) => key;

/** What a format alone cannot say. Throws `SettingsError`. */
export function checkOptions(options: CassandraOptions, label: Label = sameKey): void {
  const refuse = (key: keyof CassandraOptions, what: string): never => {
    throw new SettingsError(`${label(key)}: ${what}`);
  };
  const { contact_points, keyspace, ttl, day_buckets, retries, chunks_in_flight } = options;
  if (contact_points.length === 0) refuse('contact_points', 'must name a node');
  for (const point of contact_points)
    if (!/^(\[[\da-f:.]+\]|[^\s:[\]]+)(:\d{1,5})?$/i.test(point))
      refuse('contact_points', `must be like 10.0.0.1, node2:9042; not ${point}`);
  if (!/^[a-z]\w{0,47}$/i.test(keyspace))
    refuse('keyspace', 'is a letter and at most 47 letters, digits or underscores');
  if (ttl > 0 && ttl < 1000) refuse('ttl', 'must be at least 1s, or 0');
  if (ttl > LONGEST_TTL_MS - TTL_MARGIN_MS) refuse('ttl', 'must be less than 20 years');
  if (day_buckets < 1 || day_buckets > 1024) refuse('day_buckets', 'must be 1 to 1024');
  if (retries > 5) refuse('retries', 'must be 0 to 5');
  if (chunks_in_flight < 1 || chunks_in_flight > 256) refuse('chunks_in_flight', 'must be 1 to 256');
  for (const key of ['connect_timeout', 'request_timeout'] as const)
    if (options[key] < 1) refuse(key, 'must be longer than nothing');
  checkPairs(options, refuse);
  replicationOf(options, label);
}

type Refuse = (key: keyof CassandraOptions, what: string) => never;

/** A half of what only works whole is a mistake, and so is what would be ignored. */
function checkPairs(options: CassandraOptions, refuse: Refuse): void {
  const { username, password, tls, tls_cert, tls_key } = options;
  if (username === '' && password !== '') refuse('username', 'must be set when there is a password');
  if ((tls_cert === '') !== (tls_key === ''))
    refuse(tls_cert === '' ? 'tls_cert' : 'tls_key', 'certificate and key go together');
  if (tls) return;
  for (const key of ['tls_ca', 'tls_cert', 'tls_server_name'] as const)
    if (options[key] !== '') refuse(key, 'says nothing without tls=true');
}
