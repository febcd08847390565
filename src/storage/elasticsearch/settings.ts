/** The settings of a store in Elasticsearch. */
import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import { templateFault } from './week-indices.ts';

export interface ConnectionSettings {
  readonly url: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly api_key: string;
  readonly ca_file: string;
  readonly ca_fingerprint: string;
  readonly tls_verify: boolean;
  readonly client_cert_file: string;
  readonly client_key_file: string;
  readonly timeout: number;
  readonly timeout_extended: number;
}

export interface ElasticsearchSettings extends ConnectionSettings {
  readonly index: string;
  readonly shards: number;
  readonly replicas: string;
  readonly keep_document: boolean;
  readonly bulk_items: number;
  readonly bulk_bytes: number;
  readonly bulk_wait: number;
  readonly bulk_requests: number;
  readonly bulk_retries: number;
}

const connectionSchema: SettingsSchema<ConnectionSettings> = {
  url: {
    doc: 'Addresses of the nodes, as a list: http://es1:9200, http://es2:9200. One that is down is passed over.',
    format: 'list',
    default: ['http://127.0.0.1:9200'],
  },
  username: { doc: 'User; empty: none.', format: String, default: '' },
  password: { doc: 'Password of the user.', format: String, default: '', sensitive: true },
  api_key: {
    doc: 'API key in its encoded form, instead of user and password.',
    format: String,
    default: '',
    sensitive: true,
  },
  ca_file: {
    doc: 'Certificate of the authority that signed those of the nodes, PEM. Empty: those that Node knows.',
    format: String,
    default: '',
  },
  ca_fingerprint: {
    doc: 'SHA-256 of that certificate, as Elasticsearch prints it at its first start; instead of ca_file.',
    format: String,
    default: '',
  },
  tls_verify: {
    doc: 'Whether the certificate of a node is checked. false is for trying things out.',
    format: Boolean,
    default: true,
  },
  client_cert_file: {
    doc: 'Certificate of this client, PEM; with client_key_file.',
    format: String,
    default: '',
  },
  client_key_file: { doc: 'Key of this client, PEM.', format: String, default: '' },
  timeout: {
    doc: 'A request for single crashes is given up after this.',
    format: 'duration',
    default: 30_000,
  },
  timeout_extended: {
    doc: 'The same for templates, indices, scans and lists.',
    format: 'duration',
    default: 120_000,
  },
};

export const elasticsearchSchema: SettingsSchema<ElasticsearchSettings> = {
  ...connectionSchema,
  index: {
    doc: 'Name of the weekly indices: %Y is the year, %W the week, Monday first and 00 before the first Monday. Empty: the name of the store + %Y%W. The original has socorro%Y%W.',
    format: String,
    default: '',
  },
  shards: { doc: 'Primary shards of a new index.', format: 'nat', default: 1 },
  replicas: {
    doc: 'Copies of each shard of a new index: a number, or from-to to have as many as there are nodes for.',
    format: String,
    default: '0-1',
  },
  keep_document: {
    doc: 'Keeps the whole processed crash beside the indexed fields, compressed; the store then has processed.read.',
    format: Boolean,
    default: false,
  },
  bulk_items: { doc: 'Crashes in one bulk request at most.', format: 'nat', default: 500 },
  bulk_bytes: {
    doc: 'Bytes of a bulk request, beyond which nothing is added to it. Below http.max_content_length of the server.',
    format: 'bytes',
    default: 5 * 1024 ** 2,
  },
  bulk_wait: {
    doc: 'How long a crash waits for others to share its request; not at all when no request is under way.',
    format: 'duration',
    default: 20,
  },
  bulk_requests: { doc: 'Bulk requests under way at once.', format: 'nat', default: 2 },
  bulk_retries: {
    doc: 'How often a crash is sent again that the server had no room for (429), with growing pauses.',
    format: 'nat',
    default: 8,
  },
};

/** Turns a key into what the operator wrote. */
export type Label = (key: string) => string;

const REPLICAS = /^\d+(-(\d+|all))?$/;

/** What the formats of the schema cannot say. Throws `SettingsError`, one line that names the setting. */
export function checkSettings(settings: ElasticsearchSettings, store: string, label: Label): string {
  checkUrls(settings, label);
  const { username, password, api_key, ca_file, ca_fingerprint } = settings;
  if (api_key !== '' && (username !== '' || password !== ''))
    throw new SettingsError(`${label('api_key')} stands instead of ${label('username')}: set one of them`);
  if ((username === '') !== (password === ''))
    throw new SettingsError(`${label('username')} and ${label('password')} go together`);
  if ((settings.client_cert_file === '') !== (settings.client_key_file === ''))
    throw new SettingsError(`${label('client_cert_file')} and ${label('client_key_file')} go together`);
  if (ca_file !== '' && ca_fingerprint !== '')
    throw new SettingsError(
      `${label('ca_fingerprint')} stands instead of ${label('ca_file')}: set one of them`,
    );
  if (!REPLICAS.test(settings.replicas))
    throw new SettingsError(`${label('replicas')} must be like 1 or 0-1`);
  for (const key of [
    'shards',
    'bulk_items',
    'bulk_bytes',
    'bulk_requests',
    'timeout',
    'timeout_extended',
  ] as const)
    if (settings[key] < 1) throw new SettingsError(`${label(key)} must be 1 or more`);
  const index = settings.index === '' ? `${store}%Y%W` : settings.index;
  const fault = templateFault(index);
  if (fault) throw new SettingsError(`${label('index')}: an index name ${fault}, like crashes%Y%W`);
  return index;
}

function checkUrls({ url, ca_file, ca_fingerprint }: ElasticsearchSettings, label: Label): void {
  const example = 'http://es:9200';
  if (url.length === 0) throw new SettingsError(`${label('url')} must be set, like ${example}`);
  for (const text of url) {
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:')
      throw new SettingsError(`${label('url')}: must be like ${example}`);
    if (parsed.username !== '' || parsed.password !== '')
      throw new SettingsError(
        `${label('url')}: put the user into ${label('username')}, ${label('password')}`,
      );
    for (const [key, value] of [
      ['ca_file', ca_file],
      ['ca_fingerprint', ca_fingerprint],
    ] as const)
      if (value !== '' && parsed.protocol === 'http:')
        throw new SettingsError(
          `${label(key)} is set, but ${label('url')} has http: and no TLS; write https:`,
        );
  }
}
