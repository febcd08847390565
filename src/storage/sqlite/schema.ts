/**
 * The tables of the store, and how they came to be.
 *
 *     raw            a raw crash; `upload` is the save that its dumps came with
 *     dump           the dumps of an upload; their bytes in dump_chunk
 *     staging        uploads that are being written; their chunks belong to no crash yet
 *     crash          a processed crash: what is searched, one column per field (see field-columns.ts)
 *     signature_data input and trace of its signature, read by preview and re-sign
 *     document       the rest of it, compressed: only read by `readProcessed`
 *     field          the definitions of the fields that have columns
 *
 * Searches and scans read `crash` alone, so that its rows must stay small.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from '../../database/migrate.ts';

const INITIAL = [
  `create table raw (
    id text not null primary key,
    day text not null,
    received text not null,
    upload integer not null,
    document blob not null
  ) without rowid`,
  'create index raw_day on raw (day, id)',
  'create index raw_received on raw (received)',
  'create unique index raw_upload on raw (upload)',
  `create table dump (
    upload integer not null,
    name text not null,
    item integer not null,
    size integer not null,
    sha256 text not null,
    primary key (upload, name)
  ) without rowid`,
  `create table dump_chunk (
    n integer primary key,
    upload integer not null,
    item integer not null,
    part integer not null,
    bytes blob not null
  )`,
  'create unique index dump_chunk_place on dump_chunk (upload, item, part)',
  'create table staging (upload integer primary key, started_ms integer not null)',
  `create table crash (
    n integer primary key,
    id text not null unique,
    date text not null,
    day text not null
  )`,
  'create index crash_date on crash (date, id)',
  'create index crash_day on crash (day, id)',
  `create table signature_data (
    n integer primary key references crash (n) on delete cascade,
    input text,
    trace text
  )`,
  `create table document (
    n integer primary key references crash (n) on delete cascade,
    bytes blob not null
  )`,
  'create table field (name text primary key, definition text not null) without rowid',
] as const;

export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'storage-sqlite/0001_initial',
    async up(db: Kysely<unknown>) {
      for (const statement of INITIAL) await sql.raw(statement).execute(db);
    },
  },
];
