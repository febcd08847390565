/** Every failure of a store, with a code. Act on the code, never on the message. */
import { isAborted } from '../lib/abort.ts';
import { QueryError } from '../search/errors.ts';

export type StorageErrorCode =
  | 'not_found'
  /** The store has no such capability. */
  | 'unsupported'
  /** The caller's input. */
  | 'invalid'
  | 'permission_denied'
  /** Try again later. */
  | 'unavailable'
  | 'rate_limited'
  | 'timeout'
  /** Disk, quota. */
  | 'full'
  /** The caller's signal. */
  | 'aborted'
  | 'closed'
  /** Found, but a hash or format is wrong. */
  | 'corrupt'
  | 'internal';

/** `full` counts: a disk is emptied by an operator, and a crash must wait for it rather than be given up. */
const RETRYABLE: ReadonlySet<StorageErrorCode> = new Set(['unavailable', 'rate_limited', 'timeout', 'full']);

export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  readonly code: StorageErrorCode;
  readonly store: string;

  constructor(
    code: StorageErrorCode,
    store: string,
    detail: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(`${store}: ${detail} [${code}]`, options);
    this.code = code;
    this.store = store;
  }

  /** True when the same call may succeed later without anybody changing the input. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

/** Several stores failed. `code` is `not_found` only when every one said so: a store that is down may have it. */
export class AggregateStorageError extends StorageError {
  override readonly name = 'AggregateStorageError';
  readonly errors: readonly unknown[];

  constructor(store: string, errors: readonly unknown[]) {
    const codes = errors.map((e) => codeOf(e) ?? 'internal');
    const code = codes.find((c) => c !== 'not_found') ?? 'not_found';
    super(code, store, errors.map((e) => (e instanceof Error ? e.message : String(e))).join('; '), {
      cause: errors[0],
    });
    this.errors = errors;
  }

  override get retryable(): boolean {
    return this.errors.some((e) => e instanceof StorageError && e.retryable);
  }
}

export const codeOf = (error: unknown): StorageErrorCode | undefined =>
  error instanceof StorageError ? error.code : undefined;

/** One error as it is; several as an aggregate. */
export const combine = (store: string, errors: readonly unknown[]): unknown =>
  errors.length === 1 ? errors[0] : new AggregateStorageError(store, errors);

/** Any failure as a StorageError: a query's by its code, an abort as `aborted`, the unknown as `internal`, each with its cause. */
export function toStorageError(store: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof QueryError)
    return new StorageError(error.code, store, error.message, { cause: error });
  const detail = error instanceof Error ? error.message : String(error);
  return new StorageError(isAborted(error) ? 'aborted' : 'internal', store, detail, { cause: error });
}
