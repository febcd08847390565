/** How to reach a bucket: what every store on S3 and `auxilio s3` are told. */
import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';

export interface S3Settings {
  readonly bucket: string;
  readonly endpoint: string;
  readonly region: string;
  readonly access_key: string;
  readonly secret_key: string;
  readonly session_token: string;
  readonly profile: string;
  readonly path_style: 'auto' | 'true' | 'false';
  readonly checksums: 'supported' | 'required';
  readonly encryption: 'none' | 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  readonly kms_key: string;
  readonly storage_class: string;
  readonly ca_file: string;
  readonly connect_timeout: number;
  readonly request_timeout: number;
  readonly idle_timeout: number;
  readonly max_attempts: number;
  readonly max_sockets: number;
  readonly part_size: number;
  readonly buffers: number;
}

const MIB = 1024 ** 2;

export const s3Schema: SettingsSchema<S3Settings> = {
  bucket: { doc: 'Name of the bucket.', format: 'name', default: '' },
  endpoint: {
    doc: 'URL of an S3-compatible server, e.g. https://minio.example.com:9000. Empty: AWS, by the region.',
    format: String,
    default: '',
  },
  region: {
    doc: 'Region of the bucket. Other servers than AWS mostly take any.',
    format: 'name',
    default: 'us-east-1',
  },
  access_key: {
    doc: "Access key id. Empty: the credential chain of AWS's SDK (environment, profile, container, instance).",
    format: String,
    default: '',
  },
  secret_key: { doc: 'Secret of the access key.', format: String, default: '', sensitive: true },
  session_token: {
    doc: 'Token that goes with temporary keys. Prefer the credential chain, which renews them.',
    format: String,
    default: '',
    sensitive: true,
  },
  profile: {
    doc: 'Profile of the shared AWS files that the credential chain starts with.',
    format: String,
    default: '',
  },
  path_style: {
    doc: 'true: the bucket is in the path of the URL; false: in the host name; auto: in the path when there is an endpoint.',
    format: ['auto', 'true', 'false'],
    default: 'auto',
  },
  checksums: {
    doc: "supported: send S3's checksums wherever the protocol has them, so that the server checks what it gets; required: only where it asks for them, for servers that do not know the newer ones (Swift, old Ceph).",
    format: ['supported', 'required'],
    default: 'supported',
  },
  encryption: {
    doc: 'Server-side encryption that is asked for with each object; none: what the bucket does by itself.',
    format: ['none', 'AES256', 'aws:kms', 'aws:kms:dsse'],
    default: 'none',
  },
  kms_key: { doc: 'Key of encryption=aws:kms; empty: the account’s own.', format: String, default: '' },
  storage_class: {
    doc: 'Storage class of new objects, e.g. STANDARD_IA; empty: the bucket’s. Not one that must be restored before it can be read.',
    format: String,
    default: '',
  },
  ca_file: {
    doc: 'File with the certificates (PEM) that sign the one of the endpoint, when no public authority does.',
    format: String,
    default: '',
  },
  connect_timeout: { doc: 'Time for a connection to be made.', format: 'duration', default: 5000 },
  request_timeout: {
    doc: 'Time from the start of one request, which sends a part at most, to its answer.',
    format: 'duration',
    default: 60_000,
  },
  idle_timeout: {
    doc: 'An answer that stops for so long in the middle is given up.',
    format: 'duration',
    default: 30_000,
  },
  max_attempts: {
    doc: 'How often the SDK makes one request. 1: repeating is left to the layer executor, the spool and the queue, so that attempts do not multiply.',
    format: 'nat',
    default: 1,
  },
  max_sockets: { doc: 'Connections at most; further calls wait.', format: 'nat', default: 50 },
  part_size: {
    doc: 'What is larger is sent in parts of this size, 5 MB to 5 GB; a file has 10,000 parts at most.',
    format: 'bytes',
    default: 8 * MIB,
  },
  buffers: {
    doc: 'Memory for bytes on their way to the bucket, over all calls at once; four parts or more.',
    format: 'bytes',
    default: 32 * MIB,
  },
};

const SMALLEST_PART = 5 * MIB;
const LARGEST_PART = 5 * 1024 * MIB;
/** Of S3: a name is part of a host name. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/i;

/** Throws `SettingsError` for what no server could make sense of; `label` turns a key into what the operator wrote. */
export function checkS3Settings(s: S3Settings, label: (key: string) => string): void {
  const refuse = (key: string, why: string): never => {
    throw new SettingsError(`${label(key)}: ${why}`);
  };
  if (!BUCKET.test(s.bucket))
    refuse('bucket', 'a bucket is named with 3 to 63 letters, digits, dots and hyphens');
  if (s.endpoint !== '' && !/^https?:$/.test(URL.parse(s.endpoint)?.protocol ?? ''))
    refuse('endpoint', 'must be a URL that begins with http:// or https://');
  if ((s.access_key === '') !== (s.secret_key === ''))
    refuse(s.access_key === '' ? 'access_key' : 'secret_key', 'access_key and secret_key are set together');
  if (s.session_token !== '' && s.access_key === '') refuse('access_key', 'session_token goes with keys');
  if (s.profile !== '' && s.access_key !== '') refuse('profile', 'set either a profile or keys');
  if (s.kms_key !== '' && !s.encryption.startsWith('aws:kms')) refuse('kms_key', 'needs encryption=aws:kms');
  if (s.part_size < SMALLEST_PART || s.part_size > LARGEST_PART) refuse('part_size', 'must be 5MB to 5GB');
  if (s.buffers < 4 * s.part_size) refuse('buffers', 'must be four times part_size or more');
  for (const key of ['max_attempts', 'max_sockets'] as const)
    if (s[key] < 1) refuse(key, 'must be 1 or more');
}

/** What the operator of a store writes its settings as. */
export const storeLabel =
  (store: string) =>
  (key: string): string =>
    `STORE_${store}_${key}`.toUpperCase();
