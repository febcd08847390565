/** Every failure of a database, with a code. The codes are those of stores, so that a store passes them on. */

export type DatabaseErrorCode =
  /** The caller's SQL, value or URL. */
  | 'invalid'
  /** A unique, foreign key or check constraint; a lease that somebody else took. */
  | 'conflict'
  | 'unsupported'
  | 'permission_denied'
  /** Locked by another process for too long, or the file cannot be opened now. */
  | 'unavailable'
  /** No answer in time: a statement that takes too long, a server that stands still. */
  | 'timeout'
  | 'full'
  | 'aborted'
  | 'closed'
  | 'corrupt'
  | 'internal';

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }

  /** True when the same call may succeed later without anybody changing the input. */
  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'timeout' || this.code === 'full';
  }
}

/** `invalid` already before any database was asked: what the settings say is none. Waiting does not mend it. */
export class DatabaseSettingError extends DatabaseError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('invalid', message, options);
  }
}

/** SQLite's primary result codes, https://sqlite.org/rescode.html. Those not listed are `internal`. */
const SQLITE_CODES: ReadonlyMap<number, DatabaseErrorCode> = new Map([
  [1, 'invalid'],
  [3, 'permission_denied'],
  [5, 'unavailable'],
  [6, 'unavailable'],
  [8, 'permission_denied'],
  [10, 'unavailable'],
  [11, 'corrupt'],
  [13, 'full'],
  [14, 'unavailable'],
  [18, 'invalid'],
  [19, 'conflict'],
  [23, 'permission_denied'],
  [25, 'invalid'],
  [26, 'corrupt'],
]);

/** An error as the SQLite worker reports it; plain data, because it crosses threads. */
export interface WorkerFailure {
  readonly message: string;
  /** Extended SQLite result code; absent when SQLite was not asked. */
  readonly errcode?: number | undefined;
  readonly code?: DatabaseErrorCode | undefined;
}

export function fromSqlite(path: string, failure: WorkerFailure): DatabaseError {
  const code =
    failure.code ??
    (failure.errcode === undefined ? undefined : SQLITE_CODES.get(failure.errcode & 0xff)) ??
    'internal';
  const cause = new Error(failure.message);
  if (code === 'corrupt') {
    return new DatabaseError(
      code,
      `${path} is damaged or no SQLite database (${failure.message}): stop Auxilio, keep a copy, then restore a backup, ` +
        `or try \`sqlite3 ${path} .recover\`, or move the file away to start with an empty one`,
      { cause },
    );
  }
  return new DatabaseError(code, `${path}: ${failure.message}`, { cause });
}
