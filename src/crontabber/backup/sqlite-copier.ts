/** Copies of an SQLite file, on a connection of their own: neither reads nor writes of others wait for them. */
import { stat } from 'node:fs/promises';
import { SqliteThread } from '../../database/sqlite-thread.ts';
import { raceSignal, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { BackupError, type DatabaseCopier } from './copier.ts';

/** Lines of the check's report that are shown. */
const FAULTS = 5;

async function withThread<T>(
  path: string,
  role: 'reader' | 'writer',
  { signal }: CallOptions,
  work: (thread: SqliteThread) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const thread = new SqliteThread({ path, role });
  try {
    return await raceSignal(work(thread), signal);
  } finally {
    // One long statement cannot be interrupted: an abort is answered at once, and this waits for its end.
    await thread.close();
  }
}

async function check(thread: SqliteThread, path: string): Promise<void> {
  const sql = `pragma integrity_check(${FAULTS})`;
  const { rows } = await thread.ask({ kind: 'run', statement: { sql } });
  const faults = rows.map(([line]) => String(line)).filter((line) => line !== 'ok');
  if (faults.length > 0) throw new BackupError(`${path} is damaged: ${faults.join('; ')}`);
}

export class SqliteCopier implements DatabaseCopier {
  readonly extension = 'db';
  readonly label: string;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.label = `sqlite:${path}`;
  }

  async cannot(): Promise<string | undefined> {
    return undefined;
  }

  /** With its log: all of it may be in there. */
  async size(): Promise<number> {
    const log = await stat(`${this.#path}-wal`).catch(() => undefined);
    return (await stat(this.#path)).size + (log?.size ?? 0);
  }

  /** `vacuum into` (https://www.sqlite.org/lang_vacuum.html#vacuuminto) reads one state of the file, whatever is written meanwhile. */
  async copyTo(path: string, options: CallOptions = {}): Promise<void> {
    await withThread(this.#path, 'writer', options, async (thread) => {
      await check(thread, this.#path);
      await thread.ask({ kind: 'run', statement: { sql: 'vacuum into ?', parameters: [path] } });
    });
    await this.verify(path, options);
  }

  async verify(path: string, options: CallOptions = {}): Promise<void> {
    // Opening would make a file that is not there.
    await stat(path);
    await withThread(path, 'reader', options, (thread) => check(thread, path));
  }

  /** Page by page into the file that is there, as one transaction of it: services that have it open go on with the new content. */
  async restoreFrom(path: string, { signal }: CallOptions = {}): Promise<void> {
    await this.verify(path, { signal });
    const sqlite = await import('node:sqlite');
    // Since Node 22.16 (https://nodejs.org/api/sqlite.html#sqlitebackupsourcedb-path-options).
    if (typeof sqlite.backup !== 'function')
      throw new Error('restoring an SQLite file needs Node 22.16 or newer');
    const source = new sqlite.DatabaseSync(path, { readOnly: true });
    try {
      await sqlite.backup(source, this.#path);
    } finally {
      source.close();
    }
    await withThread(this.#path, 'writer', { signal }, (thread) => check(thread, this.#path));
  }
}
