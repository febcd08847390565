/** The client of one bucket, and how long it lives. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SettingsError } from '../../lib/settings.ts';
import type { StorageError } from '../errors.ts';
import type { S3ErrorContext } from './error-meanings.ts';
import { s3Error } from './errors.ts';
import { checkS3Settings, type S3Settings, storeLabel } from './settings.ts';

/** Who the connection is for: the words of its errors. */
export interface S3Owner {
  /** The store's name. */
  readonly store: string;
  /** Default: `STORE_NAME_KEY`. */
  readonly label?: ((key: string) => string) | undefined;
}

export interface S3Connection {
  readonly client: S3Client;
  readonly settings: S3Settings;
  /** Any failure of the client as a StorageError. */
  error(error: unknown): StorageError;
  /** Cuts what is still open. May be called twice. */
  close(): void;
}

async function authorities(path: string, label: (key: string) => string): Promise<{ readonly ca?: Buffer }> {
  if (path === '') return {};
  try {
    return { ca: await readFile(path) };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new SettingsError(`${label('ca_file')}: ${path} cannot be read (${code})`, { cause });
  }
}

function credentialsOf(s: S3Settings): Pick<S3ClientConfig, 'credentials' | 'profile'> {
  if (s.access_key === '') return s.profile === '' ? {} : { profile: s.profile };
  return {
    credentials: {
      accessKeyId: s.access_key,
      secretAccessKey: s.secret_key,
      ...(s.session_token === '' ? {} : { sessionToken: s.session_token }),
    },
  };
}

/** https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/client/s3/ */
async function clientConfig(s: S3Settings, label: (key: string) => string): Promise<S3ClientConfig> {
  const sockets = { keepAlive: true, maxSockets: s.max_sockets };
  return {
    region: s.region,
    ...(s.endpoint === '' ? {} : { endpoint: s.endpoint }),
    ...credentialsOf(s),
    forcePathStyle: s.path_style === 'auto' ? s.endpoint !== '' : s.path_style === 'true',
    maxAttempts: s.max_attempts,
    requestChecksumCalculation: s.checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    // Answers are held against our own SHA-256. The SDK's check hides the socket's stream: one that is not read to its
    // end keeps its connection for ever. Test: conformance "[stream] reading may be stopped early".
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK would open a connection of its own for each larger request, and wait seconds for servers that do not answer.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: s.connect_timeout,
      requestTimeout: s.request_timeout,
      throwOnRequestTimeout: true,
      socketTimeout: s.idle_timeout,
      httpAgent: sockets,
      httpsAgent: { ...sockets, ...(await authorities(s.ca_file, label)) },
    },
  };
}

// Swift (2.30) and older servers refuse to delete many at once without Content-MD5, which the SDK replaced by CRC32.
// Test: conformance of s3 on Swift, and test/storage/s3-upkeep.test.ts.
function addContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const request = args.request as { headers?: Record<string, string>; body?: unknown };
      if (
        context.commandName === 'DeleteObjectsCommand' &&
        request.headers &&
        typeof request.body === 'string'
      )
        request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      return next(args);
    },
    { step: 'build', name: 'auxilioContentMd5', priority: 'low' },
  );
}

/** Reads the settings and opens nothing yet: the first call connects. Rejects with `SettingsError`. */
export async function openConnection(settings: S3Settings, owner: S3Owner): Promise<S3Connection> {
  const label = owner.label ?? storeLabel(owner.store);
  checkS3Settings(settings, label);
  const client = new S3Client(await clientConfig(settings, label));
  addContentMd5(client);
  const where = settings.endpoint === '' ? `AWS ${settings.region}` : settings.endpoint;
  const context: S3ErrorContext = { store: owner.store, bucket: settings.bucket, label, where };
  return {
    client,
    settings,
    error: (error) => s3Error(context, error),
    close: () => client.destroy(),
  };
}

/** Runs `work` with a connection of its own and closes it, whatever happens. `single`: one socket and no more. */
export async function withConnection<T>(
  settings: S3Settings,
  owner: S3Owner & { readonly single?: boolean },
  work: (connection: S3Connection) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(owner.single ? { ...settings, max_sockets: 1 } : settings, owner);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}
