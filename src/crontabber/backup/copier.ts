/** How a database is copied and brought back, whichever it is. */
import type { CallOptions } from '../../model/report.ts';

export interface DatabaseCopier {
  /** For messages: without a password. */
  readonly label: string;
  /** Of a copy's file name, without the dot. */
  readonly extension: string;
  /** Why it cannot be done on this machine; undefined when it can. */
  cannot(): Promise<string | undefined>;
  /** Bytes that a copy takes at most; undefined when nobody knows. */
  size(options?: CallOptions): Promise<number | undefined>;
  /** Looks whether the database is sound, copies it while others write, and looks whether the copy can be read. */
  copyTo(path: string, options?: CallOptions): Promise<void>;
  /** Rejects when the file is no whole copy. */
  verify(path: string, options?: CallOptions): Promise<void>;
  /** Replaces what is in the database, all or nothing. */
  restoreFrom(path: string, options?: CallOptions): Promise<void>;
}

/** A database, or a copy, that is not sound. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code = 'corrupt';
}
