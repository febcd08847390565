/**
 * The tables. `manifest` has one row for each version of a report, processed crash or blob; the newest is what readers
 * see, and it is written when all its bytes are there. `chunk` has the bytes, by the upload that brought them. `intent`
 * tells which uploads are not finished, and is all that a sweep has to read. Nothing is ever written twice under one
 * key but an intent, so that every delete can name exactly what it means.
 */
import { createHash } from 'node:crypto';
import { type CrashId, dayOf } from '../../model/crash-id.ts';

export const CHUNK_BYTES = 1024 * 1024;
/** 16 MiB to a partition, well below the 100 MB that Cassandra warns of. */
export const CHUNKS_PER_PARTITION = 16;

/** An hour of intents would be too many deleted rows for one read at a thousand saves a second. */
export const SLOT_MS = 600_000;
export const INTENT_BUCKETS = 16;
export const BLOB_SHARDS = 16;

/** What an upload is of. */
export type Kind = 'report' | 'processed' | 'blob';

export const TABLES = ['manifest', 'chunk', 'intent', 'entry', 'day', 'blob_key'] as const;

/**
 * Deleted intents need no repair: one that comes back is compared with the manifests again. So they may be forgotten
 * soon, and reads of a busy table stay short.
 */
const INTENT_GRACE_SECONDS = 10_800;

/** With a TTL, whole files expire at once when each holds a thirtieth of the time. */
function byTime(ttlMs: number): readonly string[] {
  if (ttlMs === 0) return [];
  const hours = Math.max(1, Math.ceil(ttlMs / 30 / 3_600_000));
  return [
    `compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'HOURS',
      'compaction_window_size': ${hours}}`,
  ];
}

const table = (name: string, columns: string, properties: readonly string[] = []): string =>
  `create table if not exists ${name} (${columns})${properties.length > 0 ? ` with ${properties.join(' and ')}` : ''}`;

/** By version of the schema; each may be run again. What is in use is never changed: a new version is added. */
export const MIGRATIONS: readonly ((ttlMs: number) => readonly string[])[] = [
  (ttlMs) => [
    table(
      'manifest',
      `owner text, kind text, version bigint, upload uuid,
        written bigint, chunks int, buckets int, document blob, document_bytes int, dumps text,
        primary key (owner, kind, version, upload)`,
      ['clustering order by (kind asc, version desc, upload asc)', ...byTime(ttlMs)],
    ),
    table(
      'chunk',
      'upload uuid, piece int, part int, size int, bytes blob, primary key ((upload, piece), part)',
      byTime(ttlMs),
    ),
    table(
      'intent',
      `slot timestamp, bucket int, upload uuid,
        owner text, kind text, written bigint, touched timestamp, chunks int, buckets int,
        primary key ((slot, bucket), upload)`,
      [`gc_grace_seconds = ${INTENT_GRACE_SECONDS}`],
    ),
    table(
      'entry',
      `day text, buckets int, bucket int, hash bigint, id text, upload uuid,
        primary key ((day, buckets, bucket), hash, id, upload)`,
      byTime(ttlMs),
    ),
    table('day', 'day text, buckets int, primary key (day, buckets)'),
    table('blob_key', 'shard int, key blob, upload uuid, primary key (shard, key, upload)'),
  ],
];

/** 32 bits that ids of one pattern spread over evenly. */
export const hashOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);

/** In the order of hashes: reading one bucket after the other gives them sorted. */
export const bucketOf = (hash: number, buckets: number): number => Math.floor((hash * buckets) / 2 ** 32);

/** The day in the id as it stands there, `YYMMDD`; it need not exist. */
export const dayDigits = (id: string): string => id.slice(-6);

/** The digits of a day `YYYY-MM-DD`; undefined when no id can name it. */
export const digitsOfDay = (day: string): string | undefined => {
  const digits = day.slice(2).replaceAll('-', '');
  return dayOf(`00000000-0000-4000-8000-000000${digits}` as CrashId) === day ? digits : undefined;
};
