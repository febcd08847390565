/** What Elasticsearch and its client throw, as a StorageError: once, with the setting to look at where there is one. */
import { errors } from '@elastic/elasticsearch';
import { isAborted } from '../../lib/abort.ts';
import { StorageError, type StorageErrorCode, toStorageError } from '../errors.ts';
import type { Label } from './settings.ts';

/** Whom an error is about, for its message. */
export interface Site {
  /** Of the store. */
  readonly name: string;
  readonly urls: readonly string[];
  readonly label: Label;
}

/** An error as the server writes it, of a request or of one item of a bulk. */
export interface ServerError {
  readonly type?: string;
  readonly reason?: string | null;
  readonly caused_by?: ServerError;
}

interface Verdict {
  readonly code: StorageErrorCode;
  readonly detail: string;
}

type Explain = (site: Site) => string;

const TLS_TRUST: Explain = ({ label }) =>
  `its certificate is not trusted; set ${label('ca_file')} or ${label('ca_fingerprint')}`;

/** By the text of the error: the client keeps neither code nor cause (UndiciConnection of @elastic/transport 8). */
const CONNECTION: readonly (readonly [pattern: RegExp, explain: Explain])[] = [
  [/ECONNREFUSED/, ({ label }) => `nobody listens there; check ${label('url')} and that Elasticsearch runs`],
  [/ENOTFOUND|EAI_AGAIN/, ({ label }) => `there is no such host; check ${label('url')}`],
  [
    /wrong version number|packet length too long|record layer failure/i,
    ({ label }) => `it does not speak TLS; write http: in ${label('url')}`,
  ],
  [
    /fingerprint/i,
    ({ label }) => `its certificate is of another authority than ${label('ca_fingerprint')} says`,
  ],
  [
    /altnames|alt ?name/i,
    ({ label }) => `its certificate is for another host; name that host in ${label('url')}`,
  ],
  [/certificate has expired/i, () => 'its certificate has expired; renew it on the server'],
  [
    /alert (certificate required|bad certificate|unknown ca)|certificate required/i,
    ({ label }) =>
      `it asks for a client certificate; set ${label('client_cert_file')} and ${label('client_key_file')}`,
  ],
  [/self.signed|unable to (verify|get)|certificate/i, TLS_TRUST],
  [
    /other side closed|socket hang up|ECONNRESET|before secure TLS/i,
    ({ label }) => `it closed the connection; is it up, and does it want https: in ${label('url')}?`,
  ],
  [
    /ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|Connect Timeout/i,
    ({ label }) => `no connection in time; check ${label('url')} and the network`,
  ],
];

const addresses = ({ urls }: Site): string => urls.join(', ');

function connectionFault(site: Site, error: Error): Verdict {
  const explain = CONNECTION.find(([pattern]) => pattern.test(error.message))?.[1];
  const why = explain ? explain(site) : `${error.message}; check ${site.label('url')}`;
  return { code: 'unavailable', detail: `cannot reach ${addresses(site)}: ${why}` };
}

/** Everything after this may be the value of an annotation. Test: "no value of a client in an error". */
const PREVIEW = /\s*Preview of field's value[\s\S]*$/;

/** The reason in one line, without values of fields. */
export const reasonOf = (error: ServerError | undefined): string =>
  String(error?.reason ?? 'no reason given')
    .replace(PREVIEW, '')
    .replace(/\s*\n\s*/g, '; ')
    .slice(0, 500);

function blockFault(error: ServerError | undefined): Verdict | undefined {
  if (error?.type !== 'cluster_block_exception') return undefined;
  const reason = reasonOf(error);
  const isDisk = /flood.stage|read-only \/ allow delete/.test(reason);
  return {
    code: isDisk ? 'full' : 'unavailable',
    detail: isDisk ? `the disk of the server is full: ${reason}` : `the server blocks it: ${reason}`,
  };
}

const isOverloaded = (type: string | undefined): boolean =>
  type === 'es_rejected_execution_exception' || type === 'circuit_breaking_exception';

/** By the status and the type of the error. */
export function serverFault(site: Site, status: number, error: ServerError | undefined): Verdict {
  const blocked = blockFault(error);
  if (blocked) return blocked;
  const reason = reasonOf(error);
  if (status === 429 || isOverloaded(error?.type))
    return { code: 'rate_limited', detail: `the server has no room for it: ${reason}` };
  switch (status) {
    case 401:
      return { code: 'permission_denied', detail: `the server does not know us; check ${credentials(site)}` };
    case 403:
      return {
        code: 'permission_denied',
        detail: `not allowed: ${reason}; give ${credentials(site)} the right to it`,
      };
    case 404:
      return { code: 'not_found', detail: reason };
    case 408:
    case 504:
      return { code: 'timeout', detail: `the server gave up: ${reason}` };
    case 413:
      return { code: 'invalid', detail: 'larger than http.max_content_length of the server; raise that' };
    default:
      return {
        code: status >= 500 ? 'unavailable' : 'invalid',
        detail: `the server answered ${status}: ${reason}`,
      };
  }
}

const credentials = ({ label }: Site): string =>
  `${label('username')} and ${label('password')}, or ${label('api_key')}`;

/** The body of an error, or nothing where a proxy answered. */
function bodyOf(error: errors.ResponseError): ServerError | undefined {
  const body: unknown = error.body;
  if (typeof body !== 'object' || body === null) return undefined;
  const inner = (body as { readonly error?: unknown }).error;
  return typeof inner === 'object' && inner !== null ? (inner as ServerError) : undefined;
}

/** The server's error of a failed request; undefined when there was no answer. */
export function answerOf(
  error: unknown,
): { readonly status: number; readonly error: ServerError | undefined } | undefined {
  if (!(error instanceof errors.ResponseError)) return undefined;
  return { status: error.statusCode ?? 500, error: bodyOf(error) };
}

function verdictOf(site: Site, error: unknown): Verdict | undefined {
  const answer = answerOf(error);
  if (answer) return serverFault(site, answer.status, answer.error);
  if (error instanceof errors.TimeoutError)
    return {
      code: 'timeout',
      detail: `no answer from ${addresses(site)} in time (${site.label('timeout')}, ${site.label('timeout_extended')})`,
    };
  if (error instanceof errors.ConnectionError) return connectionFault(site, error);
  if (error instanceof errors.NoLivingConnectionsError)
    return { code: 'unavailable', detail: `no node of ${addresses(site)} can be reached` };
  if (error instanceof errors.ProductNotSupportedError)
    return {
      code: 'invalid',
      detail: `${addresses(site)} is no Elasticsearch of version 8 or later; check ${site.label('url')}`,
    };
  if (error instanceof errors.RequestAbortedError) return { code: 'aborted', detail: 'aborted' };
  return undefined;
}

/** Any failure of a call, with its code and one line of text. */
export function elasticsearchError(site: Site, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const verdict = isAborted(error) ? undefined : verdictOf(site, error);
  if (!verdict) return toStorageError(site.name, error);
  return new StorageError(verdict.code, site.name, verdict.detail, { cause: withoutBody(error) });
}

/** The client's errors carry request and answer, which are crashes, and log-ins. */
function withoutBody(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return Object.assign(new Error(message.replace(PREVIEW, '')), { name });
}
