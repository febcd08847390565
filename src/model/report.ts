/**
 * The words of the trade. A *report* is a *raw crash* (what the client sent, frozen) plus its *dumps*
 * (bytes by form-part name): one unit of failure. A *processed crash* is what the processor made of it.
 */
import type { Readable } from 'node:stream';
import type { CrashId } from './crash-id.ts';

/** Last argument of everything that does I/O. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface DumpInfo {
  /** Name of the form part it came in, e.g. `upload_file_minidump`. Any text: stores must encode it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Hex, lower case. */
  readonly sha256?: string | undefined;
}

/** A handle on the bytes of a dump, never the bytes and never a one-shot stream. */
export interface Dump extends DumpInfo {
  /** Set when the bytes are a local file; a stackwalker then needs no copy. The file belongs to whoever made the handle. */
  readonly path?: string | undefined;
  /**
   * True when the file at `path` is synced to disk and will never be written again, only unlinked:
   * a store on the same file system may hard-link it instead of copying it.
   */
  readonly immutable?: boolean | undefined;
  /** A fresh stream from the first byte, as often as asked. */
  open(options?: CallOptions): Promise<Readable>;
}

/** What the collector noted about an upload. */
export interface CollectorMetadata {
  /** How the annotations came. */
  readonly payload: 'multipart' | 'json' | 'unknown';
  readonly compressed: boolean;
  /** Bytes on the wire. */
  readonly size: number;
  /** Lines for the person who reads the crash; no client data in them. */
  readonly notes: readonly string[];
  readonly userAgent: string;
  readonly throttleRule: string;
  /** `truncated`: a limit was hit and part of the upload (always dumps, never annotations that fit) was dropped. */
  readonly outcome: 'accepted' | 'deferred' | 'truncated';
}

/** What the client sent, as it sent it. Frozen. */
export interface RawCrash {
  readonly id: CrashId;
  readonly annotations: Readonly<Record<string, string>>;
  /** ISO 8601, UTC, milliseconds. */
  readonly receivedAt: string;
  readonly metadata: CollectorMetadata;
}

/** Freezes it in depth, and returns it. */
export function freezeRaw(raw: RawCrash): RawCrash {
  Object.freeze(raw.annotations);
  Object.freeze(raw.metadata.notes);
  Object.freeze(raw.metadata);
  return Object.freeze(raw);
}

export interface Report {
  readonly raw: RawCrash;
  readonly dumps: readonly Dump[];
}

/** A deferred crash is stored and not queued until someone asks for it. */
export const isDeferred = (raw: RawCrash): boolean => raw.metadata.outcome === 'deferred';
