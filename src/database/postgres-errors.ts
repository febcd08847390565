/** What PostgreSQL, its client and the network say, once, as a `DatabaseError` that names the setting and the remedy. */
import { AbortedError, isAborted } from '../lib/abort.ts';
import { DatabaseError, type DatabaseErrorCode } from './errors.ts';
import type { SettingLabel } from './postgres-settings.ts';
import type { PostgresAddress } from './postgres-url.ts';

/** Where it happened, for messages. */
export interface PostgresPlace {
  readonly address: PostgresAddress;
  readonly label: SettingLabel;
}

/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html: the code itself, then its class. */
const STATES: ReadonlyMap<string, DatabaseErrorCode> = new Map([
  ['28000', 'permission_denied'],
  ['28P01', 'permission_denied'],
  ['3D000', 'unavailable'],
  ['42501', 'permission_denied'],
  ['53100', 'full'],
  ['55P03', 'unavailable'],
  ['57014', 'timeout'],
  ['25006', 'unavailable'],
  ['25P02', 'internal'],
  ['XX001', 'corrupt'],
  ['XX002', 'corrupt'],
  ['08', 'unavailable'],
  ['0A', 'unsupported'],
  ['21', 'invalid'],
  ['22', 'invalid'],
  ['23', 'conflict'],
  ['25', 'invalid'],
  ['26', 'invalid'],
  ['34', 'invalid'],
  ['3F', 'invalid'],
  ['40', 'unavailable'],
  ['42', 'invalid'],
  ['53', 'unavailable'],
  ['54', 'invalid'],
  ['57', 'unavailable'],
  ['58', 'unavailable'],
]);

interface Thrown {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly routine?: unknown;
  readonly severity?: unknown;
  readonly errors?: readonly unknown[];
}

/** Five characters that the server sent; undefined when the error is not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  const inner = error instanceof DatabaseError ? error.cause : error;
  const { code, severity } = (inner ?? {}) as Thrown;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && typeof severity === 'string'
    ? code
    : undefined;
}

/** The function of the server that complained: tells apart what has one SQLSTATE. */
export function routineOf(error: unknown): string | undefined {
  const inner = error instanceof DatabaseError ? error.cause : error;
  const { routine } = (inner ?? {}) as Thrown;
  return typeof routine === 'string' ? routine : undefined;
}

/** The connection cannot be used after it. */
export function isBroken(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) return !(error instanceof DatabaseError) || error.code === 'unavailable';
  return /^(?:08|57P)/.test(state);
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ALTNAME/;

const NETWORK: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'the name of the host cannot be looked up now'],
  ['ETIMEDOUT', 'no answer'],
  ['EHOSTUNREACH', 'the host cannot be reached'],
  ['ENETUNREACH', 'the network cannot be reached'],
  ['ENOENT', 'there is no such socket'],
  ['ECONNRESET', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
]);

/** Happy eyeballs put the errors of both addresses into one without a message. */
const innermost = (error: unknown): unknown => {
  const { errors } = (error ?? {}) as Thrown;
  return Array.isArray(errors) && errors.length > 0 ? errors[0] : error;
};

export function fromPostgres(place: PostgresPlace, thrown: unknown): DatabaseError | AbortedError {
  if (thrown instanceof DatabaseError || thrown instanceof AbortedError) return thrown;
  if (isAborted(thrown)) return new AbortedError('aborted', { cause: thrown });
  const error = innermost(thrown);
  const state = sqlStateOf(error);
  return state === undefined ? fromClient(place, error) : fromServer(place, state, error as Error);
}

function fromServer({ address, label }: PostgresPlace, state: string, error: Error): DatabaseError {
  const code = STATES.get(state) ?? STATES.get(state.slice(0, 2)) ?? 'internal';
  const say = (text: string): DatabaseError =>
    new DatabaseError(code, `${address.label}: ${text}`, { cause: error });
  switch (state) {
    case '28P01':
      return say(`the password of ${address.user} is wrong; correct it in ${label('url')}`);
    case '28000':
      return say(
        /no encryption|SSL off/.test(error.message)
          ? `the server refuses connections without TLS (${error.message}); set ${label('tls')}=require, or allow it in pg_hba.conf`
          : `the server refuses ${address.user} (${error.message}); correct ${label('url')}, or create the user or a line in pg_hba.conf`,
      );
    case '3D000':
      return say(
        `there is no database ${address.database}; create it (createdb ${address.database}), or correct ${label('url')}`,
      );
    case '53300':
      return say(`the server has no connection left (${error.message}); lower ${label('pool_size')}`);
    case '57014':
      return say(`${error.message}; ${label('statement_timeout')} says how long a statement may take`);
    case '55P03':
      return say(`${error.message}; ${label('lock_timeout')} says how long to wait for another`);
    case '25006':
      return say(`${error.message}: this server takes no writes; let ${label('url')} name the primary`);
    default:
      return say(error.message);
  }
}

function fromClient({ address, label }: PostgresPlace, thrown: unknown): DatabaseError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const say = (code: DatabaseErrorCode, text: string): DatabaseError =>
    new DatabaseError(code, `${address.label}: ${text}`, { cause: error });
  const { message } = error;
  const code = String((error as { readonly code?: unknown }).code ?? '');
  if (/does not support SSL/.test(message))
    return say(
      'invalid',
      `the server has no TLS; set ${label('tls')}=disable, or turn it on there (ssl = on)`,
    );
  if (CERTIFICATE.test(code))
    return say(
      'invalid',
      `the certificate of the server is not accepted (${message}); set ${label('tls_ca')} to the authority that signed it, or ${label('tls')}=require to accept any`,
    );
  if (/password must be a string/.test(message))
    return say(
      'permission_denied',
      `the server wants a password of ${address.user}; write it into ${label('url')}`,
    );
  const network = NETWORK.get(code);
  if (network !== undefined)
    return say('unavailable', `${network} (${code}); start PostgreSQL, or correct ${label('url')}`);
  if (/timeout exceeded when trying to connect|due to connection timeout|timeout expired/.test(message))
    return say(
      'unavailable',
      `no connection within ${label('connect_timeout')}: the server does not answer; correct ${label('url')}, or wait for it`,
    );
  if (/Query read timeout/.test(message)) return say('timeout', 'no answer to a statement');
  if (
    /Connection terminated|Connection ended|not queryable|Client was closed|received invalid response/i.test(
      message,
    )
  )
    return say('unavailable', `the connection was lost (${message})`);
  // What cannot be sent: a circular object, a BigInt in JSON.
  if (error instanceof TypeError) return say('invalid', `a value cannot be stored (${message})`);
  return say('internal', message);
}
