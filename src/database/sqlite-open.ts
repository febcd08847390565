/** Opens the file in the SQLite thread, with the settings that its promises depend on. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFoldersSync } from '../lib/make-folders.ts';
import type { SqliteFailure } from './sqlite-failures.ts';
import { registerFunctions } from './sqlite-functions.ts';
import type { WorkerOptions } from './sqlite-protocol.ts';
import { KEPT_LOG_BYTES } from './write-ahead-log.ts';

/** How long a statement waits for another process before it is `unavailable`. */
export const BUSY_MS = 15_000;
/** SQLITE_BUSY, a primary result code. */
const BUSY = 5;

/** Runs again while another process holds the file: switching a new file to WAL does not wait by itself. */
function patiently<T>(work: () => T): T {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (const until = Date.now() + BUSY_MS; ; ) {
    try {
      return work();
    } catch (error) {
      const { errcode } = error as SqliteFailure;
      if (errcode === undefined || (errcode & 0xff) !== BUSY || Date.now() > until) throw error;
      Atomics.wait(cell, 0, 0, 20);
    }
  }
}

/** Created by us, so that it is not readable by everybody, and its name is durable. */
function createFile(path: string): void {
  makeFoldersSync(dirname(path), { mode: 0o750 });
  closeSync(openSync(path, 'a', 0o640));
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export function openConnection(options: WorkerOptions): DatabaseSync {
  if (options.role === 'writer') createFile(options.path);
  const db = new DatabaseSync(options.path, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  try {
    if (options.role === 'writer') {
      patiently(() => {
        // Takes effect in an empty file only: pages of removed crashes go back to the file system.
        db.exec('PRAGMA auto_vacuum = INCREMENTAL');
        db.exec('PRAGMA journal_mode = WAL');
      });
      // A commit survives a power cut: the log is synced by each one.
      db.exec('PRAGMA synchronous = FULL');
      db.exec(`PRAGMA journal_size_limit = ${KEPT_LOG_BYTES}`);
      db.exec('PRAGMA secure_delete = FAST');
    } else {
      db.exec('PRAGMA query_only = ON');
    }
    db.exec('PRAGMA cache_size = -8192');
    db.exec('PRAGMA trusted_schema = OFF');
    registerFunctions(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
