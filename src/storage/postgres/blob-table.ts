/** Blobs: bytes under a key. A key is kept as bytes that sort as JavaScript sorts text, beside its readable form. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { plainText } from '../../search/values.ts';
import { StorageError } from '../errors.ts';
import { cutDump, keyBytes, keyText, streamOf } from './chunks.ts';
import type { Tables } from './tables.ts';
import { insertChunks, Upload, type UploadPlan } from './uploads.ts';

/** Keys to a page of `listBlobs`. */
const PAGE = 1000;
/** What an entry of Postgres's index has room for, less some. */
const MAX_KEY_BYTES = 2600;

interface Place {
  readonly upload: number;
  readonly size: number;
  readonly sha256: string;
}

/** The smallest key after all that start with these bytes; undefined when there is none. */
function endOf(prefix: Buffer): Buffer | undefined {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i -= 1) {
    const byte = end[i] ?? 0;
    if (byte === 0xff) continue;
    end[i] = byte + 1;
    return end.subarray(0, i + 1);
  }
  return undefined;
}

export class BlobTable {
  readonly #store: string;
  readonly #pool: PostgresPool;
  readonly #tables: Tables;

  constructor(store: string, pool: PostgresPool, tables: Tables) {
    this.#store = store;
    this.#pool = pool;
    this.#tables = tables;
  }

  async put(key: string, bytes: Dump, options: CallOptions = {}): Promise<void> {
    const { blob, blobChunk } = this.#tables;
    const name = this.#key(key);
    const upload = new Upload(this.#plan());
    const taker = {
      buffer: (size: number) => upload.buffer(size),
      take: (part: number, chunk: Buffer) => upload.add({ item: 0, part, bytes: chunk }, options),
    };
    try {
      const sha256 = await cutDump(this.#store, bytes, taker, options);
      await this.#pool.transaction(
        async (session) => {
          await session.query(
            `with old as (select upload from ${blob} where key = $1),
              chunks as (delete from ${blobChunk} where upload in (select upload from old))
              insert into ${blob} (key, name, upload, size, sha256) values ($1, $2, $3, $4, $5)
              on conflict (key) do update set upload = excluded.upload, size = excluded.size,
                sha256 = excluded.sha256`,
            [name, plainText(key), upload.number, bytes.size, sha256],
          );
          await upload.finish(session);
        },
        { ...options, lock: this.#tables.lock(`blob ${key}`) },
      );
    } catch (error) {
      await upload.undo(error);
      throw error;
    }
  }

  async get(key: string, options: CallOptions = {}): Promise<Dump> {
    const { size, sha256 } = await this.#place(key, options);
    return {
      name: key,
      size,
      sha256,
      open: async (opening = {}) => {
        const now = await this.#place(key, opening);
        const select = (part: number): string =>
          `select bytes from ${this.#tables.blobChunk} where upload = ${now.upload} and part = ${part}`;
        return streamOf(this.#pool, this.#store, { size: now.size, select }, opening);
      },
    };
  }

  async has(key: string, options: CallOptions = {}): Promise<boolean> {
    return (await this.#find(key, options)) !== undefined;
  }

  async remove(key: string, options: CallOptions = {}): Promise<boolean> {
    const { blob, blobChunk } = this.#tables;
    return this.#pool.transaction(
      async (session) => {
        const { count } = await session.query(
          `with gone as (delete from ${blob} where key = $1 returning upload),
            chunks as (delete from ${blobChunk} where upload in (select upload from gone))
            select upload from gone`,
          [this.#key(key)],
        );
        return count > 0;
      },
      { ...options, lock: this.#tables.lock(`blob ${key}`) },
    );
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<string> {
    const first = keyBytes(prefix);
    const end = endOf(first);
    const sql = (comparison: '>=' | '>'): string =>
      `select key from ${this.#tables.blob} where key ${comparison} $1 and ($2::bytea is null or key < $2)
        order by key limit ${PAGE}`;
    let after: Buffer | undefined;
    for (;;) {
      const { rows } = await this.#pool.query<{ readonly key: Buffer }>(
        sql(after === undefined ? '>=' : '>'),
        [after ?? first, end ?? null],
        options,
      );
      for (const { key } of rows) yield keyText(key);
      after = rows.at(-1)?.key;
      if (rows.length < PAGE) return;
    }
  }

  #plan(): UploadPlan {
    const { blobChunk, staging } = this.#tables;
    return {
      pool: this.#pool,
      staging,
      day: null,
      within: (_options, write) => write(),
      insert: async (session, upload, chunks) => {
        await insertChunks(session, blobChunk, 'upload, part, bytes', chunks, ({ part, bytes }) => [
          upload,
          part,
          bytes,
        ]);
      },
      undo: async (session, upload) => {
        await session.query(`delete from ${blobChunk} where upload = $1`, [upload]);
      },
    };
  }

  #key(key: string): Buffer {
    const bytes = keyBytes(key);
    if (bytes.length <= MAX_KEY_BYTES) return bytes;
    throw new StorageError(
      'invalid',
      this.#store,
      `a key has more than ${MAX_KEY_BYTES / 2} characters; Postgres cannot index it`,
    );
  }

  async #find(key: string, options: CallOptions): Promise<Place | undefined> {
    const { rows } = await this.#pool.query<Place>(
      `select upload, size, sha256 from ${this.#tables.blob} where key = $1`,
      [keyBytes(key)],
      options,
    );
    return rows[0];
  }

  async #place(key: string, options: CallOptions): Promise<Place> {
    const place = await this.#find(key, options);
    if (!place) throw new StorageError('not_found', this.#store, 'no blob of this key');
    return place;
  }
}
