/**
 * One holder of a lock per machine, also among processes. An exclusive transaction on a SQLite file: the system lets go
 * of it when its holder dies, however it dies, which no lock made of a file's existence does.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const SQLITE_BUSY = 5;

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

/** Runs `work` while nobody else holds `file`; waits for at most `waitMs`. */
export async function withLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    const until = Date.now() + waitMs;
    while (!tryLock(database)) {
      if (Date.now() > until) throw new Error(`${file} is held by another process for ${waitMs / 1000} s`);
      await sleep(100);
    }
    return await work();
  } finally {
    database.close();
  }
}
