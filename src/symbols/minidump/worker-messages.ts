/** What the reader's worker thread and its owner say to each other. */
import type { MinidumpData } from './data.ts';

export interface ReadRequest {
  readonly id: number;
  readonly path: string;
}

export type ReadReply =
  | { readonly id: number; readonly data: MinidumpData }
  /** The file could not be opened or read; `code` is errno's name. */
  | { readonly id: number; readonly error: string; readonly code: string | undefined };
