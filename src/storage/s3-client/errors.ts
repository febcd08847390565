/** What S3, the SDK and the network say, as a StorageError: one line that names the setting and the remedy. */
import { isAborted } from '../../lib/abort.ts';
import { StorageError, toStorageError } from '../errors.ts';
import {
  MEANINGS,
  type Meaning,
  noTls,
  type S3ErrorContext,
  STATUSES,
  WRONG_REGION,
} from './error-meanings.ts';

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
  'XAdminUserNotFound',
  ...WRONG_REGION,
]);

/** True for what is wrong in the settings and no waiting mends: what a store refuses to open with. */
export const isWrongSetting = (error: unknown): boolean =>
  namesOf(error).some((name) => SETTINGS.has(name)) || statusOf((error ?? {}) as VendorError) === 301;

/** True for keys that are known and may not do this. */
export const isDenied = (error: unknown): boolean =>
  namesOf(error).some((name) => name === 'AccessDenied' || name === 'Forbidden');

export const isNoSuchBucket = (error: unknown): boolean => namesOf(error).includes('NoSuchBucket');

/** True when the bucket that was to be made is there and is ours. */
export const isOwnBucket = (error: unknown): boolean => namesOf(error).includes('BucketAlreadyOwnedByYou');
