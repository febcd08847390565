/** What a URL and the settings say of a connection, checked before anything is sent. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { DatabaseSettingError } from './errors.ts';
import { type PostgresSettings, type SettingLabel, TLS_MODES, type TlsMode } from './postgres-settings.ts';

export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: Exclude<TlsMode, ''>;
  /** For logs: without a password. */
  readonly label: string;
}

const KNOWN = new Set(['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'application_name']);

const EXAMPLE = 'postgres://USER:PASSWORD@HOST:5432/DATABASE';

export const isPostgresUrl = (url: string): boolean => /^postgres(?:ql)?:/.test(url);

/** Throws `DatabaseSettingError`, naming the setting; the URL itself is never in the message, because it has a password. */
export function parsePostgresUrl(
  url: string,
  settings: Pick<PostgresSettings, 'tls'>,
  label: SettingLabel,
): PostgresAddress {
  const wrong = (why: string): DatabaseSettingError => new DatabaseSettingError(`${label('url')} ${why}`);
  if (!isPostgresUrl(url) || !URL.canParse(url)) throw wrong(`is no URL of a database: write ${EXAMPLE}`);
  const parsed = new URL(url);
  const given = parsed.searchParams;
  for (const key of given.keys()) {
    if (!KNOWN.has(key)) throw wrong(`has an unknown parameter ${key}: known are ${[...KNOWN].join(', ')}`);
  }
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw wrong('is not percent-encoded as a URL has to be: write % as %25 and @ as %40');
    }
  };
  const host = decoded(given.get('host') ?? parsed.hostname).replace(/^\[(.*)\]$/, '$1');
  const user = given.get('user') ?? decoded(parsed.username);
  const database = given.get('dbname') ?? decoded(parsed.pathname.slice(1));
  const port = Number(given.get('port') ?? (parsed.port || 5432));
  if (host === '') throw wrong(`names no host: write ${EXAMPLE}`);
  if (user === '') throw wrong(`names no user: write ${EXAMPLE}`);
  if (database === '') throw wrong(`names no database: write ${EXAMPLE}`);
  if (!(port > 0 && port < 65_536)) throw wrong('has a port that is none');
  return {
    host,
    port,
    user,
    password: given.get('password') ?? (parsed.password === '' ? undefined : decoded(parsed.password)),
    database,
    tls: settings.tls === '' ? modeOf(given.get('sslmode'), label) : settings.tls,
    label: `postgres://${host.startsWith('/') ? '' : host}:${port}/${database}`,
  };
}

/** `prefer` and `allow` fall back to plain text when somebody on the way asks for it: they protect nobody. */
function modeOf(sslmode: string | null, label: SettingLabel): PostgresAddress['tls'] {
  if (sslmode === null) return 'disable';
  const mode = TLS_MODES.find((known) => known === sslmode);
  if (mode !== undefined && mode !== '') return mode;
  throw new DatabaseSettingError(
    `${label('url')}: sslmode=${sslmode} is not one of ${TLS_MODES.filter(Boolean).join(', ')}; ` +
      `leave it out and set ${label('tls')}`,
  );
}

/** What `pg` takes as `ssl`. Throws `DatabaseSettingError` when the file of the authority cannot be read. */
export function tlsOptions(
  { tls, host }: Pick<PostgresAddress, 'tls' | 'host'>,
  { tls_ca }: Pick<PostgresSettings, 'tls_ca'>,
  label: SettingLabel,
): false | ConnectionOptions {
  if (tls === 'disable' || host.startsWith('/')) return false;
  if (tls === 'require') return { rejectUnauthorized: false };
  const ca = tls_ca === '' ? {} : { ca: authority(tls_ca, label) };
  if (tls === 'verify-ca') return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { ...ca, rejectUnauthorized: true };
}

function authority(path: string, label: SettingLabel): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DatabaseSettingError(`${label('tls_ca')}: ${path} cannot be read`, { cause });
  }
}
