/**
 * The spool: the collector's own disk. An accepted report is durable here before the client hears its crash id,
 * and stays until it is stored *and* queued.
 */
import { errnoOf } from '../lib/errno.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions, RawCrash } from '../model/report.ts';

/** Where the bytes of one dump go while they arrive. */
export interface DumpSink {
  /**
   * Takes the chunk (it must not be changed afterwards) and resolves when more may be written: back-pressure.
   * Undefined when more may be written at once.
   * Rejects with `SpoolError` `full` when the disk has no room for dumps: drop the dump then.
   */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** No more bytes. Does not wait for the disk: `commit` does. A dump that is not finished is not committed. */
  finish(): Promise<void> | undefined;
  /** Forgets what was written: the dump is not part of the report. */
  drop(): Promise<void>;
}

/** An upload on its way in. Its crash id is known only at `commit`, because it holds the throttle result. */
export interface Draft {
  /**
   * A later dump of the same name takes the place of the earlier one when it is finished: one that is dropped, or never
   * finished, costs nothing. Both may be written to meanwhile.
   */
  addDump(name: string): DumpSink;
  /** Bytes of the dumps finished so far. */
  readonly dumpBytes: number;
  /** Forgets all dumps: what is left to do when `commit` rejected with `full`. */
  dropDumps(): Promise<void>;
  /**
   * Resolves once raw crash and finished dumps survive a power cut. Otherwise rejects with `SpoolError`, and nothing
   * will be stored; after `full` the draft may be committed again, without dumps, marked as truncated by its owner.
   */
  commit(raw: RawCrash, options?: CallOptions): Promise<void>;
  /** Throws everything away. Harmless after `commit`. */
  abandon(): Promise<void>;
}

export type Room = 'all' | 'annotations_only' | 'full';

export interface SpoolState {
  /** Reports waiting to be stored and queued. */
  readonly entries: number;
  /** Bytes of their dumps and annotations. */
  readonly bytes: number;
  /** When the oldest of them was committed, ISO 8601; null when empty. */
  readonly oldest: string | null;
  /** Bytes free on the spool's disk. */
  readonly free: number;
  /** `annotations_only`: below the disk reserve, dumps are dropped. `full`: nothing can be accepted. */
  readonly room: Room;
  /** Reports that the store refused for good: set aside with the reason, see `listFailed`. */
  readonly failed: number;
  /** Why reports are not being moved on now (`storage: …`, `queue: …`); null while they are. */
  readonly waitingFor: string | null;
}

/** A report that the store refused for good. */
export interface FailedReport {
  readonly id: CrashId;
  readonly reason: string;
  /** ISO 8601. */
  readonly failedAt: string;
  readonly bytes: number;
}

export interface Spool {
  /** Throws `SpoolError` `closed`. */
  begin(): Draft;
  state(): SpoolState;
  /** Whether a report with this id waits here: then its id is answered again. In memory, this process's entries. */
  has(id: CrashId): boolean;
  /** The raw crash of a report that waits here. */
  find(id: CrashId, options?: CallOptions): Promise<RawCrash | undefined>;
  /** Erasure, set-aside reports included: after it the spool does not store the crash any more. False when nothing was there. */
  remove(id: CrashId, options?: CallOptions): Promise<boolean>;
  /** Set-aside reports of all processes that share the spool. */
  listFailed(options?: CallOptions): AsyncIterable<FailedReport>;
  /** Lets set-aside reports go the normal way again: those given, or all. Returns how many. */
  retryFailed(which: { readonly ids: readonly CrashId[] } | 'all', options?: CallOptions): Promise<number>;
  /** Resolves when nothing waits; rejects with `aborted`. */
  drain(options?: CallOptions): Promise<void>;
  /** Rejects with `SpoolError` when a report cannot be accepted now. */
  health(options?: CallOptions): Promise<void>;
  /** Stops moving, waits for moves and commits in hand; what still waits is taken up by the next process. */
  close(): Promise<void>;
}

export type SpoolErrorCode = 'full' | 'closed' | 'aborted' | 'internal';

export class SpoolError extends Error {
  override readonly name = 'SpoolError';
  readonly code: SpoolErrorCode;

  constructor(code: SpoolErrorCode, detail: string, options: { readonly cause?: unknown } = {}) {
    super(`spool: ${detail} [${code}]`, options);
    this.code = code;
  }
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The system's code; what waited behind a failure in the same log has it as its cause. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return errnoOf(error) ?? codeOf(error.cause);
}

/** Any failure as a `SpoolError`: `full` when it says that the disk is. */
export function toSpoolError(error: unknown, detail: string): SpoolError {
  if (error instanceof SpoolError) return error;
  const code = codeOf(error);
  const isFull = code !== undefined && NO_SPACE.has(code);
  return new SpoolError(isFull ? 'full' : 'internal', `${detail}: ${code ?? String(error)}`, {
    cause: error,
  });
}
