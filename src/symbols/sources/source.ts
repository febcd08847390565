/** Where symbol files come from. */
import type { Readable } from 'node:stream';
import type { SymbolKey } from '../symbol-file.ts';

export type Fetched =
  /** Bytes of the file, unpacked. Whoever gets them reads or destroys the stream. `url` may be shown to people. */
  | { readonly found: true; readonly stream: Readable; readonly url: string | null }
  /** The source answered, and has no such file. */
  | { readonly found: false };

/** One place to look, asked in order. */
export interface SymbolSource {
  /** For logs and metrics: no secrets. */
  readonly name: string;
  /**
   * Rejects with `SymbolSourceError` when the source cannot answer now, which says nothing about the file.
   * `signal` is always given: it carries the time limit.
   */
  fetch(key: SymbolKey, options: { readonly signal: AbortSignal }): Promise<Fetched>;
  close(): Promise<void>;
}

/** A source that is down, slow or broken; the file may be there. */
export class SymbolSourceError extends Error {
  override readonly name = 'SymbolSourceError';
  readonly code = 'unavailable';
}
