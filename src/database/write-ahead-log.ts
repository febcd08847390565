/**
 * Keeps the write-ahead log small. SQLite begins it anew only when a writer finds nobody reading from it; where one
 * read follows upon the other that never happens, and the log grows until the disk is full
 * (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files"). Then the writer waits for those who read
 * now; whoever begins to read meanwhile reads from the file itself.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** What is left of the log on the disk when it begins anew. */
export const KEPT_LOG_BYTES = 16 * 1024 ** 2;
/** Readers are waited for each time the log has grown by this. */
const STEP_BYTES = 48 * 1024 ** 2;
/** How long writes may stand still for that. */
const WAIT_MS = 2000;

export class WriteAheadLog {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #busyMs: number;
  #tooLarge = STEP_BYTES;

  /** `busyMs` is how long the connection's other statements wait. */
  constructor(db: DatabaseSync, path: string, busyMs: number) {
    this.#db = db;
    this.#path = `${path}-wal`;
    this.#busyMs = busyMs;
  }

  /** After a commit, outside of any transaction. */
  tend(): void {
    const bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes < STEP_BYTES) this.#tooLarge = STEP_BYTES;
    if (bytes < this.#tooLarge) return;
    this.#tooLarge = bytes + STEP_BYTES;
    this.#db.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
    try {
      // Says "busy" in a row, and does not throw, when somebody read for longer than that.
      this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    } catch {
      // The commit before is safe in the log, and must not seem to have failed: a disk that fails here fails the next one.
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${this.#busyMs}`);
    }
  }
}
