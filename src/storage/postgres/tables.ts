/**
 * The tables of the store, and how they came to be. All lie in one schema of Postgres.
 *
 *     raw         a raw crash; `upload` is the save that its dumps came with
 *     dump        the dumps of an upload; their bytes in dump_chunk
 *     crash       a processed crash: what is searched (one column per field, see field-columns.ts), and the whole
 *     staging     uploads that are being written ahead; their chunks belong to no crash yet
 *     field       the definitions of the fields that have columns
 *     field_version  counts the changes of the definitions
 *     blob        keys of blobs; their bytes in blob_chunk
 *
 * The first three and `dump_chunk` are partitioned by the week of the crash id's date, so that a week that is too
 * old goes at once (partitions.ts).
 *
 * A raw or processed crash is kept twice. `document` is JSONB, for those who ask with SQL. It cannot give back what
 * was saved: it forgets the order of keys, takes neither U+0000 nor half a surrogate pair (they become U+FFFD), and
 * no more than 256 MB (then it is null). `exact` is the JSON text, and what reads answer from.
 */
import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Migration } from '../../database/migrate.ts';

/** Those that have a partition for each week. */
export const PARTITIONED = ['raw', 'dump', 'dump_chunk', 'crash'] as const;

const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

export const isSchemaName = (name: string): boolean => SCHEMA.test(name) && !name.startsWith('pg_');

/** Names of tables and locks, quoted where SQL needs it. */
export class Tables {
  readonly schema: string;
  readonly raw: string;
  readonly dump: string;
  readonly dumpChunk: string;
  readonly crash: string;
  readonly staging: string;
  readonly field: string;
  readonly fieldVersion: string;
  readonly blob: string;
  readonly blobChunk: string;
  /** One of two numbers of an advisory lock; the other says what is locked. */
  readonly #space: number;

  constructor(schema: string) {
    this.schema = schema;
    this.raw = this.in('raw');
    this.dump = this.in('dump');
    this.dumpChunk = this.in('dump_chunk');
    this.crash = this.in('crash');
    this.staging = this.in('staging');
    this.field = this.in('field');
    this.fieldVersion = this.in('field_version');
    this.blob = this.in('blob');
    this.blobChunk = this.in('blob_chunk');
    this.#space = hash32(`auxilio ${schema}`);
  }

  in(table: string): string {
    return `"${this.schema}"."${table}"`;
  }

  /** SQL that waits for a lock until the end of the transaction: `what` is an id, a key, `layout`. */
  lock(what: string): string {
    return `select pg_advisory_xact_lock(${this.#space}, ${hash32(what)})`;
  }
}

const hash32 = (text: string): number => createHash('sha256').update(text).digest().readInt32BE(0);

/** Text compares byte by byte, as in every other store. */
const TEXT = 'text collate "C"';

const initial = (t: Tables): readonly string[] => [
  `create table ${t.raw} (
    day date not null,
    id ${TEXT} not null,
    received ${TEXT} not null,
    upload bigint not null,
    document jsonb,
    exact text not null,
    primary key (day, id)
  ) partition by range (day)`,
  `create index on ${t.raw} (received)`,
  `create index on ${t.raw} (upload)`,
  `create table ${t.dump} (
    day date not null,
    upload bigint not null,
    item integer not null,
    name bytea not null,
    size bigint not null,
    sha256 text not null,
    primary key (day, upload, item)
  ) partition by range (day)`,
  `create table ${t.dumpChunk} (
    day date not null,
    upload bigint not null,
    item integer not null,
    part integer not null,
    bytes bytea not null,
    primary key (day, upload, item, part)
  ) partition by range (day)`,
  // Minidumps of today come compressed, or are compressed by the file system: the server's time is better spent.
  `alter table ${t.dumpChunk} alter column bytes set storage external`,
  `create table ${t.crash} (
    day date not null,
    id ${TEXT} not null,
    date ${TEXT} not null,
    input text,
    trace text,
    document jsonb,
    exact text not null,
    primary key (day, id)
  ) partition by range (day)`,
  `create index on ${t.crash} (date, id)`,
  `create table ${t.staging} (
    upload bigint primary key,
    day date,
    started timestamptz not null default clock_timestamp()
  )`,
  `create table ${t.field} (name text primary key, definition text not null)`,
  `create table ${t.fieldVersion} (version bigint not null)`,
  `insert into ${t.fieldVersion} values (0)`,
  `create table ${t.blob} (
    key bytea primary key,
    name text not null,
    upload bigint not null,
    size bigint not null,
    sha256 text not null
  )`,
  `create table ${t.blobChunk} (
    upload bigint not null,
    part integer not null,
    bytes bytea not null,
    primary key (upload, part)
  )`,
  `alter table ${t.blobChunk} alter column bytes set storage external`,
];

export const migrationsOf = (tables: Tables): readonly Migration[] => [
  {
    name: 'storage-postgres/0001_initial',
    async up(db: Kysely<unknown>) {
      for (const statement of initial(tables)) await sql.raw(statement).execute(db);
    },
  },
];
