/** The words of S3, its SDK and the network, what they mean to a store, and what an operator is told to do. */
import type { StorageErrorCode } from '../errors.ts';

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

export interface Meaning {
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
export const noTls: Advice = ({ label, where }) =>
  `${where} does not speak the protocol of its URL; ${label('endpoint')} is wrong about http and https, or names the port of something else`;
const cut: Advice = ({ label, where }) =>
  `${where} closed the connection; where it does so always, ${label('endpoint')} is wrong about http and https`;
const noS3: Advice = ({ label, where }) =>
  `${where} does not answer as an S3 server; check ${label('endpoint')}`;
const archived: Advice = ({ label }) =>
  `the object lies in an archive class and must be restored before it can be read; choose another ${label('storage_class')}`;

const badClass: Advice = ({ label }) => `the server has no such class; correct ${label('storage_class')}`;
const badKey: Advice = ({ label }) =>
  `the server cannot encrypt so; correct ${label('encryption')} and ${label('kms_key')}`;
const badBucketName: Advice = ({ label, bucket }) =>
  `the server takes no bucket of the name ${bucket}; correct ${label('bucket')}`;

export const WRONG_REGION = [
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
export const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...means('not_found', undefined, 'NoSuchKey', 'NotFound', 'NoSuchVersion'),
  ...means('unavailable', noBucket, 'NoSuchBucket'),
  ...means(
    'permission_denied',
    badKeys,
    'InvalidAccessKeyId',
    'SignatureDoesNotMatch',
    'XAdminUserNotFound',
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
  ...means('unavailable', cut, 'ECONNRESET', 'ECONNABORTED', 'EPIPE'),
  ...means('unavailable', undefined, 'EMFILE', 'ENFILE', 'NetworkingError'),
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
export const STATUSES: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
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
