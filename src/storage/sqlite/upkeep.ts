/** What operators do to a file: sweep uploads that died in the making, empty it. */
import { stat } from 'node:fs/promises';
import { SqliteFile } from '../../database/sqlite-file.ts';
import { errnoOf } from '../../lib/errno.ts';
import type { CallOptions } from '../../model/report.ts';
import { fromDatabase } from '../database-errors.ts';
import type { Swept } from '../upkeep.ts';
import { undoUpload } from './report-table.ts';

/** Crashes first: a wipe that is stopped leaves nothing that can be read by half. */
const TABLES = ['crash', 'raw', 'document', 'signature_data', 'dump', 'dump_chunk', 'staging'] as const;
/** Rows of one transaction: others must get to write in between. */
const BATCH = 500;

/** Opens the file unless it is not there, or has no tables of ours yet. */
async function withFile<T>(
  store: string,
  path: string,
  options: CallOptions,
  none: T,
  work: (file: SqliteFile) => Promise<T>,
): Promise<T> {
  try {
    await stat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return none;
    throw fromDatabase(store, error);
  }
  let file: SqliteFile | undefined;
  try {
    file = await SqliteFile.open(path);
    const sql = "select count(*) from sqlite_master where type = 'table' and name = 'dump_chunk'";
    const { rows } = await file.query({ sql }, options);
    return Number(rows[0]?.[0]) > 0 ? await work(file) : none;
  } catch (error) {
    throw fromDatabase(store, error);
  } finally {
    await file?.close();
  }
}

/** Chunks of uploads that no raw crash came to. Opening the store does the same for those of a day. */
export function sweepFile(
  store: string,
  path: string,
  how: CallOptions & { readonly olderThanMs: number; readonly dryRun: boolean },
): Promise<Swept> {
  return withFile(store, path, how, { found: 0, bytes: 0, removed: 0 }, async (file) => {
    const sql = `select s.upload, (select coalesce(sum(length(c.bytes)), 0) from dump_chunk c where c.upload = s.upload)
      from staging s where s.started_ms < ? and not exists (select 1 from raw where raw.upload = s.upload)`;
    const { rows } = await file.query({ sql, parameters: [Date.now() - how.olderThanMs] }, how);
    const bytes = rows.reduce((sum, [, size]) => sum + Number(size), 0);
    if (how.dryRun) return { found: rows.length, bytes, removed: 0 };
    for (const [upload] of rows) await file.commit(undoUpload(Number(upload)), how);
    await file.shrink(how);
    return { found: rows.length, bytes, removed: rows.length };
  });
}

/** Crashes, raw and processed; the fields that have columns stay. */
export function wipeFile(store: string, path: string, options: CallOptions): Promise<readonly string[]> {
  return withFile<readonly string[]>(store, path, options, [], async (file) => {
    const emptied: string[] = [];
    for (const table of TABLES) {
      let total = 0;
      for (let rows = BATCH; rows > 0; total += rows) {
        const key = KEYS[table];
        const sql = `delete from ${table} where ${key} in (select ${key} from ${table} limit ${BATCH})`;
        rows = (await file.write({ sql }, options)).changes;
        await file.shrink(options);
      }
      if (total > 0) emptied.push(`${path}: ${total} rows of ${table}`);
    }
    return emptied;
  });
}

const KEYS: Readonly<Record<(typeof TABLES)[number], string>> = {
  crash: 'n',
  raw: 'id',
  document: 'n',
  signature_data: 'n',
  dump: 'upload',
  dump_chunk: 'n',
  staging: 'upload',
};
