/** Whether the tables are there and of this version; making them; sweeping and emptying them. */
import { migrate } from '../../database/migrate.ts';
import { postgresDatabase } from '../../database/postgres-database.ts';
import { sqlStateOf } from '../../database/postgres-errors.ts';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { Swept } from '../upkeep.ts';
import { mondayOf, Partitions, weekAfter } from './partitions.ts';
import { migrationsOf, type Tables } from './tables.ts';

/** Rejects with `invalid` and the command to run when `init` has something to do. */
export async function checkSchema(
  store: string,
  pool: PostgresPool,
  tables: Tables,
  options: CallOptions = {},
): Promise<void> {
  const applied = await appliedIn(pool, tables, options);
  const missing = migrationsOf(tables).filter(({ name }) => !applied.includes(name));
  if (missing.length === 0) return;
  const what =
    applied.length === 0
      ? `${pool.label} has no tables of this store in schema ${tables.schema}`
      : `the tables in schema ${tables.schema} of ${pool.label} are of an older version`;
  throw new StorageError('invalid', store, `${what}; run: auxilio store init ${store}`);
}

async function appliedIn(
  pool: PostgresPool,
  tables: Tables,
  options: CallOptions,
): Promise<readonly string[]> {
  try {
    const { rows } = await pool.query<{ readonly name: string }>(
      `select name from ${tables.in('auxilio_migration')}`,
      [],
      options,
    );
    return rows.map(({ name }) => name);
  } catch (error) {
    // undefined_table, invalid_schema_name
    if (['42P01', '3F000'].includes(sqlStateOf(error) ?? '')) return [];
    throw error;
  }
}

/** Makes schema and tables; a line for each thing it did. Two at once: one does it, and the other finds it done. */
export async function initSchema(
  pool: PostgresPool,
  tables: Tables,
  options: CallOptions = {},
): Promise<readonly string[]> {
  const done: string[] = [];
  await pool.transaction(
    async (session) => {
      const { rows } = await session.query('select 1 from pg_namespace where nspname = $1', [tables.schema]);
      if (rows.length > 0) return;
      await session.query(`create schema "${tables.schema}"`);
      done.push(`created schema ${tables.schema}`);
    },
    { ...options, lock: tables.lock('init') },
  );
  const ran = await migrate(postgresDatabase(pool), migrationsOf(tables), {
    ...options,
    schema: tables.schema,
  });
  return [...done, ...ran.map((name) => `ran ${name} in schema ${tables.schema}`)];
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** duplicate_database; unique_violation, when two create it in the same moment. */
const isThereAlready = (error: unknown): boolean => ['42P04', '23505'].includes(sqlStateOf(error) ?? '');

/** `maintenance` is a pool on a database that every server has. True when it was created. */
export async function createDatabase(
  maintenance: PostgresPool,
  name: string,
  options: CallOptions = {},
): Promise<boolean> {
  const { rows } = await maintenance.query('select 1 from pg_database where datname = $1', [name], options);
  if (rows.length > 0) return false;
  try {
    await maintenance.query(
      `create database ${quoted(name)} encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template template0`,
      undefined,
      options,
    );
    return true;
  } catch (error) {
    if (isThereAlready(error)) return false;
    throw error;
  }
}

/** Chunks that belong to no report and no blob: written ahead by a process that died. Those of a write in hand are younger. */
export async function sweepSchema(
  pool: PostgresPool,
  tables: Tables,
  how: CallOptions & { readonly olderThanMs: number; readonly dryRun: boolean },
): Promise<Swept> {
  const { staging, raw, dumpChunk, blob, blobChunk } = tables;
  const { rows } = await pool.query<{
    readonly upload: number;
    readonly bytes: number;
    readonly chunks: number;
  }>(
    `select s.upload, coalesce(d.bytes, 0) + coalesce(b.bytes, 0) as bytes, coalesce(d.n, 0) + coalesce(b.n, 0) as chunks
      from ${staging} as s
      left join lateral (select count(*) as n, sum(octet_length(bytes))::bigint as bytes from ${dumpChunk} c
        where c.day = s.day and c.upload = s.upload
        and not exists (select 1 from ${raw} r where r.day = c.day and r.upload = c.upload)) as d on true
      left join lateral (select count(*) as n, sum(octet_length(bytes))::bigint as bytes from ${blobChunk} c
        where c.upload = s.upload
        and not exists (select 1 from ${blob} where ${blob}.upload = c.upload)) as b on true
      where s.started < clock_timestamp() - $1 * interval '1 millisecond'`,
    [how.olderThanMs],
    how,
  );
  const swept = {
    found: rows.reduce((sum, { chunks }) => sum + chunks, 0),
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  if (how.dryRun) return { ...swept, removed: 0 };
  let removed = 0;
  for (const { upload } of rows) removed += await sweepUpload(pool, tables, upload, how);
  return { ...swept, removed };
}

/** The mark goes last, and an upload that became readable meanwhile keeps its chunks. */
async function sweepUpload(
  pool: PostgresPool,
  { staging, raw, dumpChunk, blob, blobChunk }: Tables,
  upload: number,
  options: CallOptions,
): Promise<number> {
  return pool.transaction(async (session) => {
    const { rows } = await session.query<{ readonly n: number }>(
      `with mark as (delete from ${staging} where upload = $1 returning upload, day),
        dumps as (delete from ${dumpChunk} c using mark where c.day = mark.day and c.upload = mark.upload
          and not exists (select 1 from ${raw} r where r.day = c.day and r.upload = c.upload) returning 1),
        blobs as (delete from ${blobChunk} c using mark where c.upload = mark.upload
          and not exists (select 1 from ${blob} b where b.upload = c.upload) returning 1)
        select (select count(*) from dumps) + (select count(*) from blobs) as n`,
      [upload],
    );
    return rows[0]?.n ?? 0;
  }, options);
}

/** The partitions of the weeks that these days are in. A line for each week that had none. */
export async function prepareSchema(
  store: string,
  pool: PostgresPool,
  tables: Tables,
  { from, until, signal }: CallOptions & { readonly from: string; readonly until: string },
): Promise<readonly string[]> {
  await checkSchema(store, pool, tables, { signal });
  const partitions = new Partitions(pool, tables);
  const there = new Set(await partitions.weeks({ signal }));
  const made: string[] = [];
  for (let monday = mondayOf(from); monday <= until; monday = weekAfter(monday)) {
    throwIfAborted(signal);
    // Asked again even where there is one: a drop that was cut short leaves some of its tables.
    await partitions.make(monday, { signal });
    if (!there.has(monday)) made.push(`made partitions for the week of ${monday} in schema ${tables.schema}`);
  }
  return made;
}

/** Everything but the definitions of the fields. A line for each thing it emptied. */
export async function wipeSchema(
  pool: PostgresPool,
  tables: Tables,
  options: CallOptions = {},
): Promise<readonly string[]> {
  const partitions = new Partitions(pool, tables);
  const weeks = await partitions.weeks(options);
  for (const monday of weeks) await partitions.drop(monday, options);
  await pool.transaction(
    (session) => session.query(`truncate ${tables.staging}, ${tables.blob}, ${tables.blobChunk}`),
    options,
  );
  return [
    `dropped ${weeks.length} weeks of crashes in schema ${tables.schema}`,
    `emptied the blobs in schema ${tables.schema}`,
  ];
}
