/** What the driver and the nodes say, as a StorageError: once, in one line, with the setting to look at. */
import { errors } from 'cassandra-driver';
import { errnoOf } from '../../lib/errno.ts';
import { StorageError, type StorageErrorCode, toStorageError } from '../errors.ts';
import { type Label, sameKey } from './settings.ts';

/**
 * Codes of the native protocol, v5 §9. A node's own failure (0x0000) is an outage of that node: null pointers and full
 * heaps come so. Statements are ours, so a syntax error is our fault and never the caller's `invalid`.
 */
const RESPONSES: Readonly<Record<number, StorageErrorCode>> = {
  0: 'unavailable',
  256: 'permission_denied', // bad credentials
  4096: 'unavailable', // not enough replicas alive
  4097: 'rate_limited', // overloaded
  4098: 'unavailable', // bootstrapping
  4099: 'unavailable', // truncate failed
  4352: 'timeout', // write timeout
  4608: 'timeout', // read timeout
  4864: 'unavailable', // read failure
  5376: 'unavailable', // write failure
  5888: 'timeout', // a light-weight transaction whose end is not known
  8448: 'permission_denied', // unauthorized
  8960: 'invalid', // configuration, e.g. a data centre in a replication that is not there
};

export interface Explanation {
  readonly code: StorageErrorCode;
  /** One line. */
  readonly detail: string;
}

type Explain = (error: unknown) => Explanation | undefined;

/** The driver puts stack traces of inner errors into its messages. */
const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.trim() ?? '';

const initCommand = (store: string, more = ''): string => `run: auxilio store init ${store}${more}`;

const MISSING_KEYSPACE = /^keyspace '?"?([\w]+)"?'? does not exist/i;
const MISSING_TABLE =
  /unconfigured table|^table \S+ does not exist|keyspace \S+ does not exist|undefined column name/i;

const TLS_TRUST =
  /SELF_SIGNED|UNABLE_TO_|CERT_(?!IFICATE_REQUIRED)|ISSUER|ERR_SSL_(SSLV3_|TLSV1_)?ALERT_UNKNOWN_CA/;

function explainTls(error: Error, label: Label): Explanation | undefined {
  const code = errnoOf(error) ?? '';
  const said = `${firstLine(error)} (${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return { code: 'invalid', detail: `${said}; see ${label('tls_server_name')}` };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return { code: 'invalid', detail: `the node does not talk TLS (${code}); see ${label('tls')}` };
  if (TLS_TRUST.test(code))
    return { code: 'invalid', detail: `its certificate is not trusted: ${said}; see ${label('tls_ca')}` };
  if (/^ERR_(SSL|TLS|OSSL)_/.test(code))
    return {
      code: 'invalid',
      detail: `TLS failed: ${said}; see ${label('tls_cert')} and ${label('tls_key')}`,
    };
  return undefined;
}

function explainResponse(
  error: { readonly code: number; readonly message: string },
  store: string,
  label: Label,
): Explanation {
  const said = firstLine(error);
  if (error.code === 8704) {
    const keyspace = MISSING_KEYSPACE.exec(said)?.[1];
    if (keyspace !== undefined)
      return {
        code: 'invalid',
        detail: `there is no keyspace ${keyspace} (${label('keyspace')}); ${initCommand(store, ' --create-database')}`,
      };
    if (MISSING_TABLE.test(said))
      return { code: 'invalid', detail: `${said} (${label('keyspace')}); ${initCommand(store)}` };
    // The guardrail data_disk_usage_percentage_fail_threshold.
    if (/disk usage/i.test(said)) return { code: 'full', detail: said };
  }
  const code = RESPONSES[error.code] ?? 'internal';
  if (code !== 'permission_denied') return { code, detail: said };
  return { code, detail: `${said}; see ${label('username')} and ${label('password')}` };
}

function explainAuthentication(error: Error, label: Label): Explanation {
  const remedy = /provider not set|requires authentication/i.test(error.message)
    ? `the nodes ask for a password: set ${label('username')} and ${label('password')}`
    : `${firstLine(error)}; see ${label('username')} and ${label('password')}`;
  return { code: 'permission_denied', detail: remedy };
}

/** Settings that are wrong before what passes: they say more, and to wait for them is in vain. */
const RANK: readonly StorageErrorCode[] = ['permission_denied', 'invalid', 'full', 'rate_limited', 'timeout'];
const rank = ({ code }: Explanation): number => (RANK.indexOf(code) + RANK.length + 1) % (RANK.length + 1);

function explainNoHost(
  error: { readonly innerErrors?: unknown; readonly message: string },
  explain: Explain,
  label: Label,
): Explanation {
  const inner = Object.entries((error.innerErrors ?? {}) as Readonly<Record<string, unknown>>).map(
    ([host, reason]) => {
      const { code, detail } = explain(reason) ?? { code: 'unavailable', detail: firstLine(reason) };
      return { code, detail: `${host}: ${detail}` };
    },
  );
  const [first] = inner.toSorted((a, b) => rank(a) - rank(b));
  if (first) return first;
  return {
    code: 'unavailable',
    detail: `${firstLine(error)}; see ${label('contact_points')} and ${label('local_data_center')}`,
  };
}

/** Sockets and clients that are closed say so in words only. */
function explainDriver(error: Error, label: Label): Explanation | undefined {
  const said = firstLine(error);
  if (error instanceof errors.OperationTimedOutError)
    return { code: 'timeout', detail: `${said}; see ${label('request_timeout')}` };
  if (error instanceof errors.BusyConnectionError) return { code: 'rate_limited', detail: said };
  if (error instanceof errors.NotSupportedError) return { code: 'unsupported', detail: said };
  if (/client is shut ?down|connecting after shutdown/i.test(said)) return { code: 'closed', detail: said };
  if (/^Connection timeout/.test(said))
    return {
      code: 'unavailable',
      detail: `no connection in time; see ${label('contact_points')}, ${label('port')} and ${label('connect_timeout')}`,
    };
  if (/^Socket was closed/.test(said))
    return {
      code: 'unavailable',
      detail: `the connection was closed; when it always is, see ${label('tls')}`,
    };
  return undefined;
}

const UNREACHABLE = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|ESHUTDOWN)/;

/** Undefined when the error is none of the driver's. */
export function explain(error: unknown, store: string, label: Label = sameKey): Explanation | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof errors.NoHostAvailableError)
    return explainNoHost(error, (reason) => explain(reason, store, label), label);
  if (error instanceof errors.AuthenticationError) return explainAuthentication(error, label);
  if (error instanceof errors.ResponseError) return explainResponse(error, store, label);
  if (error instanceof errors.ArgumentError && /localDataCenter/.test(error.message)) {
    const found = /only found hosts in data centers: (.*)$/m.exec(error.message)?.[1] ?? 'others';
    return {
      code: 'invalid',
      detail: `no node is in ${label('local_data_center')}; there are ${found}`,
    };
  }
  if (UNREACHABLE.test(errnoOf(error) ?? ''))
    return {
      code: 'unavailable',
      detail: `${firstLine(error)}; see ${label('contact_points')} and ${label('port')}`,
    };
  return explainTls(error, label) ?? explainDriver(error, label);
}

export function cassandraError(store: string, error: unknown, label?: Label): StorageError {
  if (error instanceof StorageError) return error;
  const known = explain(error, store, label);
  if (!known) return toStorageError(store, error);
  return new StorageError(known.code, store, known.detail, { cause: error });
}
