/** What S3, the SDK and the network say, as a StorageError: one line that names the setting and the remedy. */
import { isAborted } from '../../lib/abort.ts';
import { StorageError, type StorageErrorCode, toStorageError } from '../errors.ts';

export interface S3ErrorContext {
  /** The store's name, for its errors. */
  readonly store: string;
  readonly bucket: string;
  /** What the operator wrote a setting as. */
  readonly label: (key: string) => string;
  /** `http://127.0.0.1:9000`, or the region of AWS: where the bucket is said to be. */
  readonly where: string;
}

type Advice = (context: S3ErrorContext) => string;

interface Meaning {
  readonly code: StorageErrorCode;
  /** Said instead of the server's words, which are about requests and not about settings. */
  readonly advice?: Advice;
}

const badKeys: Advice = ({ label }) =>
  `the server refuses the credentials; check ${label('access_key')} and ${label('secret_key')}`;
const expired: Advice = ({ label }) =>
  `the credentials have expired; renew ${label('access_key')}, ${label('secret_key')} and ${label('session_token')}, or leave them empty to use the credential chain, which renews them`;
const noCredentials: Advice = ({ label }) =>
  `no credentials; set ${label('access_key')} and ${label('secret_key')}, or give the process a profile or role`;
const denied: Advice = ({ bucket, label }) =>
  `access denied; the keys of ${label('access_key')} need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on bucket ${bucket}, and s3:ListBucket, without which S3 answers so for what is not there`;
const noBucket: Advice = ({ bucket, label, where, store }) =>
  `there is no bucket ${bucket} at ${where}; correct ${label('bucket')}, or run: auxilio store init ${store} --create-database`;
const wrongRegion: Advice = ({ bucket, label }) =>
  `bucket ${bucket} is in another region; correct ${label('region')} and ${label('endpoint')}`;
const clock: Advice = () => "this machine's clock differs from the server's by too much; set it";
const unreachable: Advice = ({ label, where }) =>
  `nobody answers at ${where}; check ${label('endpoint')} and that the server runs`;
const noHost: Advice = ({ label, where }) =>
  `the host name of ${where} cannot be found; check ${label('endpoint')}, and ${label('path_style')}=true where the bucket is no host name`;
const untrusted: Advice = ({ label, where }) =>
  `the certificate of ${where} is not trusted; set ${label('ca_file')} to the certificate that signed it, or correct ${label('endpoint')}`;
const noTls: Advice = ({ label, where }) =>
  `${where} does not speak the protocol of its URL; ${label('endpoint')} is wrong about http and https, or names the port of something else`;
const noS3: Advice = ({ label, where }) =>
  `${where} does not answer as an S3 server; check ${label('endpoint')}`;
const archived: Advice = ({ label }) =>
  `the object lies in an archive class and must be restored before it can be read; choose another ${label('storage_class')}`;

const badClass: Advice = ({ label }) => `the server has no such class; correct ${label('storage_class')}`;
const badKey: Advice = ({ label }) =>
  `the server cannot encrypt so; correct ${label('encryption')} and ${label('kms_key')}`;
const badBucketName: Advice = ({ label, bucket }) =>
  `the server takes no bucket of the name ${bucket}; correct ${label('bucket')}`;

const WRONG_REGION = [
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
] as const;

const means = (code: StorageErrorCode, advice?: Advice, ...names: readonly string[]) =>
  names.map((name) => [name, { code, ...(advice ? { advice } : {}) }] as const);

/**
 * By the name of the error or its `code`. `invalid` is the fault of what was to be saved and of nothing else: the
 * spool sets such a report aside. What an operator must mend is retryable where waiting for him is right: a bucket
 * that vanished, a clock, a certificate.
 */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...means('not_found', undefined, 'NoSuchKey', 'NotFound', 'NoSuchVersion'),
  ...means('unavailable', noBucket, 'NoSuchBucket'),
  ...means(
    'permission_denied',
    badKeys,
    'InvalidAccessKeyId',
    'SignatureDoesNotMatch',
    'InvalidToken',
    'UnrecognizedClientException',
    'NotSignedUp',
    'InvalidSecurity',
  ),
  ...means(
    'permission_denied',
    expired,
    'ExpiredToken',
    'ExpiredTokenException',
    'TokenRefreshRequired',
    'RequestExpired',
  ),
  ...means(
    'permission_denied',
    noCredentials,
    'CredentialsProviderError',
    'ProviderError',
    'TokenProviderError',
  ),
  ...means('permission_denied', denied, 'AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'Forbidden'),
  ...means('permission_denied', wrongRegion, ...WRONG_REGION),
  ...means(
    'rate_limited',
    undefined,
    'SlowDown',
    'Throttling',
    'ThrottlingException',
    'TooManyRequests',
    'TooManyRequestsException',
    'RequestLimitExceeded',
    'BandwidthLimitExceeded',
  ),
  ...means(
    'timeout',
    undefined,
    'RequestTimeout',
    'RequestTimeoutException',
    'TimeoutError',
    'ETIMEDOUT',
    'ESOCKETTIMEDOUT',
  ),
  ...means('unavailable', clock, 'RequestTimeTooSkewed'),
  ...means(
    'unavailable',
    unreachable,
    'ECONNREFUSED',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EHOSTDOWN',
    'ENETDOWN',
  ),
  ...means('unavailable', noHost, 'ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA'),
  ...means(
    'unavailable',
    undefined,
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'EMFILE',
    'ENFILE',
    'NetworkingError',
  ),
  ...means(
    'unavailable',
    undefined,
    'InternalError',
    'ServiceUnavailable',
    'OperationAborted',
    'NoSuchUpload',
    'ConditionalRequestConflict',
    'XMinioServerNotInitialized',
  ),
  // Damaged on the way; the source is whole, and the next attempt sends it again.
  ...means(
    'unavailable',
    undefined,
    'BadDigest',
    'XAmzContentSHA256Mismatch',
    'XAmzContentChecksumMismatch',
    'IncompleteBody',
    'InvalidDigest',
  ),
  ...means('unavailable', archived, 'InvalidObjectState'),
  ...means(
    'full',
    undefined,
    'QuotaExceeded',
    'ServiceQuotaExceeded',
    'InsufficientStorage',
    'XMinioStorageFull',
    'XMinioAdminBucketQuotaExceeded',
    'EDQUOT',
    'ENOSPC',
  ),
  ...means('invalid', undefined, 'EntityTooLarge', 'KeyTooLongError', 'MetadataTooLarge'),
  ...means('internal', badClass, 'InvalidStorageClass'),
  ...means(
    'internal',
    badKey,
    'InvalidEncryptionAlgorithmError',
    'KMS.NotFoundException',
    'KMS.DisabledException',
    'KMSInvalidStateException',
  ),
  ...means('internal', badBucketName, 'InvalidBucketName'),
  ...means('unsupported', undefined, 'NotImplemented', 'MethodNotAllowed'),
  ...means(
    'unavailable',
    untrusted,
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
  ),
  ...means(
    'unavailable',
    noTls,
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'HPE_INVALID_CONSTANT',
    'HPE_INVALID_HEADER_TOKEN',
  ),
]);

/** When neither name nor code is known: a proxy's page, a HEAD without a body, a newer server. */
const STATUSES: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [301, { code: 'permission_denied', advice: wrongRegion }],
  [307, { code: 'permission_denied', advice: wrongRegion }],
  [401, { code: 'permission_denied', advice: badKeys }],
  [403, { code: 'permission_denied', advice: denied }],
  // Not S3's word, which names what is missing: a web server's, that knows neither bucket nor key.
  [404, { code: 'unavailable', advice: noS3 }],
  [408, { code: 'timeout' }],
  [413, { code: 'full' }],
  [429, { code: 'rate_limited' }],
  [501, { code: 'unsupported' }],
  [507, { code: 'full' }],
]);

interface VendorError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

const statusOf = (error: VendorError): number | undefined =>
  error.$metadata?.httpStatusCode ?? error.$response?.statusCode;

function meaningOf(error: unknown, depth = 0): Meaning | undefined {
  if (typeof error !== 'object' || error === null || depth > 4) return undefined;
  const vendor = error as VendorError;
  for (const word of [vendor.code, vendor.Code, vendor.name]) {
    const meaning = typeof word === 'string' ? MEANINGS.get(word) : undefined;
    if (meaning) return meaning;
  }
  const status = statusOf(vendor);
  if (status !== undefined) {
    const known = STATUSES.get(status);
    if (known) return known;
    if (status >= 500) return { code: 'unavailable' };
    // What is no XML came from no S3 server. Go's servers answer plain HTTP on their TLS port with 400 and a sentence.
    if (status >= 200 && vendor.name === 'SyntaxError') return { code: 'unavailable', advice: noTls };
    if (status === 400 && (vendor.name === 'UnknownError' || vendor.name === 'Error'))
      return { code: 'unavailable', advice: noTls };
    if (status >= 400) return { code: 'internal' };
  }
  if (error instanceof AggregateError) return meaningOf(error.errors[0], depth + 1);
  return meaningOf(vendor.cause, depth + 1);
}

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // Errors of HEAD requests have no body, and then no message that says anything.
  const status = statusOf(error as VendorError);
  const said = error.message && error.message !== 'UnknownError' ? error.message : '';
  const name = error.name === 'Error' ? '' : error.name;
  const words = [name, said]
    .filter(Boolean)
    .join(': ')
    .replace(/\s*\n\s*/g, ' ');
  return status === undefined ? words : `${words || 'no message'} (HTTP ${status})`;
};

export function s3Error(context: S3ErrorContext, error: unknown): StorageError {
  if (error instanceof StorageError || isAborted(error)) return toStorageError(context.store, error);
  const meaning = meaningOf(error);
  const words = wordsOf(error);
  if (!meaning) return new StorageError('internal', context.store, words, { cause: error });
  const detail = meaning.advice ? `${meaning.advice(context)} (${words})` : words;
  return new StorageError(meaning.code, context.store, detail, { cause: error });
}

/** True when the server says that the object is not there. Of a HEAD: or the bucket, which its answer does not tell. */
export const isNoSuchKey = (error: unknown): boolean => meaningOf(error)?.code === 'not_found';

const namesOf = (error: unknown): readonly unknown[] => {
  const { name, Code } = (error ?? {}) as VendorError;
  return [name, Code];
};

/** No credential that the chain could renew: refused for what it is. */
const SETTINGS: ReadonlySet<unknown> = new Set([
  'NoSuchBucket',
  'InvalidBucketName',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  ...WRONG_REGION,
]);

/** True for what is wrong in the settings and no waiting mends: what a store refuses to open with. */
export const isWrongSetting = (error: unknown): boolean =>
  namesOf(error).some((name) => SETTINGS.has(name)) || statusOf((error ?? {}) as VendorError) === 301;

export const isNoSuchBucket = (error: unknown): boolean => namesOf(error).includes('NoSuchBucket');

/** True when the bucket that was to be made is there and is ours. */
export const isOwnBucket = (error: unknown): boolean => namesOf(error).includes('BucketAlreadyOwnedByYou');
