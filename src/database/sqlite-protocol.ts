/** What is said between the threads: requests to the SQLite worker and its answers. One answer to each request. */
import type { WorkerFailure } from './errors.ts';

export type SqlValue = null | string | number | bigint | Uint8Array;

export interface Statement {
  readonly sql: string;
  readonly parameters?: readonly SqlValue[];
}

/** Rows as arrays in the order of `columns`: half the cost of objects on the way between threads. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** True when rows were left out because of `maxBytes`. */
  readonly more: boolean;
}

export interface Changes {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

export type StatementResult = Rows & Changes;

/** How each unit of a group commit fared. */
export type UnitResult =
  | { readonly results: readonly StatementResult[] }
  | { readonly failure: WorkerFailure };

export type Request =
  /** Runs one statement; in a transaction if one was begun by `begin`. */
  | { readonly kind: 'run'; readonly statement: Statement; readonly maxBytes?: number }
  /** Copies the only column of the only row, a blob, into memory of the caller's. */
  | { readonly kind: 'blob'; readonly statement: Statement; readonly into: Uint8Array }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  /** Units in one transaction; a unit that fails is undone alone. */
  | { readonly kind: 'group'; readonly units: readonly (readonly Statement[])[] }
  | { readonly kind: 'cursor'; readonly cursor: number; readonly statement: Statement }
  | { readonly kind: 'fetch'; readonly cursor: number; readonly count: number }
  | { readonly kind: 'end'; readonly cursor: number }
  /** Gives free pages back to the file system, no more than these. */
  | { readonly kind: 'shrink'; readonly pages: number }
  /** Writable, and still the file of that name. */
  | { readonly kind: 'health' }
  | { readonly kind: 'close' };

/** What each kind of request is answered with. */
export interface Answers {
  readonly run: StatementResult;
  /** Length of the blob; null when there is no row. */
  readonly blob: number | null;
  readonly begin: null;
  readonly commit: null;
  readonly rollback: null;
  readonly group: readonly UnitResult[];
  readonly cursor: null;
  readonly fetch: Rows & { readonly done: boolean };
  readonly end: null;
  readonly shrink: null;
  readonly health: null;
  readonly close: null;
}

export interface Envelope {
  readonly id: number;
  readonly request: Request;
}

export type Reply =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly failure: WorkerFailure };

/** `workerData` of the worker. A reader refuses to write. */
export interface WorkerOptions {
  readonly path: string;
  readonly role: 'writer' | 'reader';
}
