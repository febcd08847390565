/** What is there: the crashes of a day, the keys of blobs. One row for each upload, so that none takes away another's. */
import type { CallOptions } from '../../model/report.ts';
import { after, type Session } from './session.ts';
import { mergeSorted } from './sorted-merge.ts';
import { BLOB_SHARDS, bucketOf, dayDigits, digitsOfDay, hashOf } from './tables.ts';

type Upload = { readonly owner: string; readonly upload: unknown; readonly buckets: number };
type At = { readonly at: number; readonly tidying?: boolean | undefined };

/** Where an upload is listed. `buckets` is what `prepare` said when it began. */
export interface Listing {
  prepare(owner: string, options?: CallOptions): Promise<number>;
  add(entry: Upload, options: At): Promise<void>;
  /** `at` is when the entry was written. */
  remove(entry: Upload, options: At): Promise<void>;
}

const DAYS_REMEMBERED = 1000;

const INSERT_DAY = 'insert into day (day, buckets) values (?, ?)';
const SELECT_DAY = 'select buckets from day where day = ?';
const INSERT_ENTRY =
  'insert into entry (day, buckets, bucket, hash, id, upload) values (?, ?, ?, ?, ?, ?) using ttl ?';
const DELETE_ENTRY =
  'delete from entry where day = ? and buckets = ? and bucket = ? and hash = ? and id = ? and upload = ?';
const SELECT_BUCKET = 'select hash, id from entry where day = ? and buckets = ? and bucket = ?';

interface Listed {
  readonly hash: number;
  readonly id: string;
}

const byHash = (a: Listed, b: Listed): number => a.hash - b.hash || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const place = ({ owner, upload, buckets }: Upload): readonly unknown[] => {
  const hash = hashOf(owner);
  return [dayDigits(owner), buckets, bucketOf(hash, buckets), hash, owner, upload];
};

/**
 * A day's crashes, spread over buckets by the hash of their ids. Into how many is this process's setting; the day
 * remembers each number that somebody used, and all of them are read.
 */
export class DayListing implements Listing {
  readonly #session: Session;
  readonly #buckets: number;
  /** Days of which it is known that they remember our number. */
  readonly #known = new Set<string>();

  constructor(session: Session, buckets: number) {
    this.#session = session;
    this.#buckets = buckets;
  }

  async prepare(id: string, options?: CallOptions): Promise<number> {
    const day = dayDigits(id);
    if (!this.#known.has(day)) {
      // The same for ever, whoever writes it and when.
      await this.#session.write(INSERT_DAY, [day, this.#buckets], { ...options, at: 1 });
      if (this.#known.size >= DAYS_REMEMBERED) this.#known.clear();
      this.#known.add(day);
    }
    return this.#buckets;
  }

  add(entry: Upload, { at, ...options }: At): Promise<void> {
    return this.#session.write(INSERT_ENTRY, [...place(entry), this.#session.ttl], { ...options, at });
  }

  remove(entry: Upload, { at, ...options }: At): Promise<void> {
    return this.#session.write(DELETE_ENTRY, place(entry), { ...options, at: after(at) });
  }

  /** `day` as `YYYY-MM-DD`. */
  async *ids(day: string, options?: CallOptions): AsyncGenerator<string> {
    const digits = digitsOfDay(day);
    if (digits === undefined) return;
    const rows = await this.#session.rows(SELECT_DAY, [digits], options);
    const sources = rows.map((row) => this.#spread(digits, Number(row['buckets']), options));
    for await (const { id } of mergeSorted(sources, byHash)) yield id;
  }

  async *#spread(day: string, buckets: number, options?: CallOptions): AsyncGenerator<Listed> {
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      for await (const row of this.#session.each(SELECT_BUCKET, [day, buckets, bucket], options))
        yield { hash: Number(row['hash']), id: String(row['id']) };
    }
  }
}

const INSERT_KEY = 'insert into blob_key (shard, key, upload) values (?, ?, ?) using ttl ?';
const DELETE_KEY = 'delete from blob_key where shard = ? and key = ? and upload = ?';
const SELECT_KEYS = 'select key from blob_key where shard = ? and key >= ?';

/** Big-endian UTF-16: Cassandra sorts bytes, and these sort as JavaScript sorts text; lone surrogates stay what they are. */
const keyBytes = (key: string): Buffer => Buffer.from(key, 'utf16le').swap16();
const keyText = (bytes: Buffer): string => Buffer.from(bytes).swap16().toString('utf16le');

const BLOB = 'blob ';
/** Text that is never empty and always valid UTF-8: what a partition's key has to be. */
export const blobOwner = (key: string): string => BLOB + JSON.stringify(key);
const keyOf = (owner: string): string => JSON.parse(owner.slice(BLOB.length)) as string;

const keyPlace = ({ owner, upload }: Upload): readonly unknown[] => [
  hashOf(owner) % BLOB_SHARDS,
  keyBytes(keyOf(owner)),
  upload,
];

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class BlobListing implements Listing {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async prepare(): Promise<number> {
    return BLOB_SHARDS;
  }

  add(entry: Upload, { at, ...options }: At): Promise<void> {
    return this.#session.write(INSERT_KEY, [...keyPlace(entry), this.#session.ttl], { ...options, at });
  }

  remove(entry: Upload, { at, ...options }: At): Promise<void> {
    return this.#session.write(DELETE_KEY, keyPlace(entry), { ...options, at: after(at) });
  }

  keys(prefix: string, options?: CallOptions): AsyncGenerator<string> {
    const shards = Array.from({ length: BLOB_SHARDS }, (_, shard) => this.#shard(shard, prefix, options));
    return mergeSorted(shards, byText);
  }

  async *#shard(shard: number, prefix: string, options?: CallOptions): AsyncGenerator<string> {
    for await (const row of this.#session.each(SELECT_KEYS, [shard, keyBytes(prefix)], options)) {
      const key = keyText(row['key'] as Buffer);
      // Sorted: past the first that is longer or other, none follows.
      if (!key.startsWith(prefix)) return;
      yield key;
    }
  }
}
