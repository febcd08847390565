/** Raw crashes and their dumps. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { PostgresSession } from '../../database/postgres-session.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import { dateText } from '../../search/values.ts';
import { refuseTwinDumps } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import { type ChunkPlace, cutDump, keyBytes, keyText, placesOf, streamOf } from './chunks.ts';
import { exactJson, parseExact, withDocument } from './documents.ts';
import { dayColumn, type Partitions } from './partitions.ts';
import type { Tables } from './tables.ts';
import { insertChunks, Upload, type UploadPlan } from './uploads.ts';

interface SavedDump {
  readonly item: number;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** What retention goes by: never text that is no time, which would be before every day. */
const receivedText = ({ id, receivedAt }: RawCrash): string =>
  dateText(receivedAt) ?? `${dayOf(id)}T00:00:00.000Z`;

export class ReportTable {
  readonly #store: string;
  readonly #pool: PostgresPool;
  readonly #tables: Tables;
  readonly #partitions: Partitions;

  constructor(store: string, pool: PostgresPool, tables: Tables, partitions: Partitions) {
    this.#store = store;
    this.#pool = pool;
    this.#tables = tables;
    this.#partitions = partitions;
  }

  async save({ raw, dumps }: Report, options: CallOptions = {}): Promise<void> {
    refuseTwinDumps(this.#store, dumps);
    const day = dayColumn(raw.id);
    const exact = exactJson(this.#store, raw);
    const upload = new Upload(this.#plan(day));
    try {
      const saved: SavedDump[] = [];
      for (const [item, dump] of dumps.entries())
        saved.push(await this.#addDump(upload, item, dump, options));
      await withDocument(exact, (document) =>
        this.#partitions.within(day, options, () =>
          this.#pool.transaction(
            async (session) => {
              await this.#putRaw(session, raw, upload.number, document, exact);
              await this.#putDumps(session, day, upload.number, saved);
              await upload.finish(session);
            },
            { ...options, lock: this.#tables.lock(raw.id) },
          ),
        ),
      );
    } catch (error) {
      await upload.undo(error);
      throw error;
    }
  }

  async readRaw(id: CrashId, options: CallOptions = {}): Promise<RawCrash> {
    const { rows } = await this.#pool.query<{ readonly exact: string }>(
      `select exact from ${this.#tables.raw} where day = $1 and id = $2`,
      [dayColumn(id), id],
      options,
    );
    const [row] = rows;
    if (!row) throw this.#notFound(`no raw crash ${id}`);
    return parseExact(this.#store, row.exact) as RawCrash;
  }

  async listDumps(id: CrashId, options: CallOptions = {}): Promise<readonly DumpInfo[]> {
    const { raw, dump } = this.#tables;
    const { rows } = await this.#pool.query<{
      readonly name: Buffer | null;
      readonly size: number;
      readonly sha256: string;
    }>(
      `select d.name, d.size, d.sha256 from ${raw} r
        left join ${dump} d on d.day = r.day and d.upload = r.upload where r.day = $1 and r.id = $2`,
      [dayColumn(id), id],
      options,
    );
    if (rows.length === 0) throw this.#notFound(`no raw crash ${id}`);
    return rows
      .flatMap(({ name, size, sha256 }) => (name === null ? [] : [{ name: keyText(name), size, sha256 }]))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async readDump(id: CrashId, name: string, options: CallOptions = {}): Promise<Dump> {
    const { size, sha256 } = await this.#place(id, name, options);
    return {
      name,
      size,
      sha256,
      // Looked up again: the same report may have been saved once more meanwhile.
      open: async (opening = {}) =>
        streamOf(this.#pool, this.#store, await this.#place(id, name, opening), opening),
    };
  }

  /** Within a transaction that has the lock of the crash. True when there was something. */
  async remove(session: PostgresSession, id: CrashId): Promise<boolean> {
    const { raw, dump, dumpChunk } = this.#tables;
    const { count } = await session.query(
      `with gone as (delete from ${raw} where day = $1 and id = $2 returning upload),
        chunks as (delete from ${dumpChunk} where day = $1 and upload in (select upload from gone)),
        dumps as (delete from ${dump} where day = $1 and upload in (select upload from gone))
        select upload from gone`,
      [dayColumn(id), id],
    );
    return count > 0;
  }

  async #addDump(upload: Upload, item: number, dump: Dump, options: CallOptions): Promise<SavedDump> {
    const taker = {
      buffer: (size: number) => upload.buffer(size),
      take: (part: number, bytes: Buffer) => upload.add({ item, part, bytes }, options),
    };
    const sha256 = await cutDump(this.#store, dump, taker, options);
    return { item, name: dump.name, size: dump.size, sha256 };
  }

  #plan(day: string): UploadPlan {
    const { dumpChunk, staging } = this.#tables;
    return {
      pool: this.#pool,
      staging,
      day,
      within: (options, write) => this.#partitions.within(day, options, write),
      insert: async (session, upload, chunks) => {
        await insertChunks(session, dumpChunk, 'day, upload, item, part, bytes', chunks, (chunk) => [
          day,
          upload,
          chunk.item,
          chunk.part,
          chunk.bytes,
        ]);
      },
      undo: async (session, upload) => {
        await session.query(`delete from ${dumpChunk} where day = $1 and upload = $2`, [day, upload]);
      },
    };
  }

  /** The dumps of an earlier save go with it. */
  async #putRaw(
    session: PostgresSession,
    crash: RawCrash,
    upload: number,
    document: string | null,
    exact: string,
  ): Promise<void> {
    const { raw, dump, dumpChunk } = this.#tables;
    await session.query(
      `with old as (select upload from ${raw} where day = $1 and id = $2),
        chunks as (delete from ${dumpChunk} where day = $1 and upload in (select upload from old)),
        dumps as (delete from ${dump} where day = $1 and upload in (select upload from old))
        insert into ${raw} (day, id, received, upload, document, exact) values ($1, $2, $3, $4, $5, $6)
        on conflict (day, id) do update set received = excluded.received, upload = excluded.upload,
          document = excluded.document, exact = excluded.exact`,
      [dayColumn(crash.id), crash.id, receivedText(crash), upload, document, exact],
    );
  }

  async #putDumps(
    session: PostgresSession,
    day: string,
    upload: number,
    dumps: readonly SavedDump[],
  ): Promise<void> {
    if (dumps.length === 0) return;
    const values = dumps.flatMap(({ item, name, size, sha256 }) => [
      day,
      upload,
      item,
      keyBytes(name),
      size,
      sha256,
    ]);
    await session.query(
      `insert into ${this.#tables.dump} (day, upload, item, name, size, sha256)
        values ${placesOf(dumps.length, 6)}`,
      values,
    );
  }

  async #place(
    id: CrashId,
    name: string,
    options: CallOptions,
  ): Promise<ChunkPlace & { readonly sha256: string }> {
    const { raw, dump, dumpChunk } = this.#tables;
    const day = dayColumn(id);
    const { rows } = await this.#pool.query<{
      readonly upload: number;
      readonly item: number;
      readonly size: number;
      readonly sha256: string;
    }>(
      `select d.upload, d.item, d.size, d.sha256 from ${raw} r
        join ${dump} d on d.day = r.day and d.upload = r.upload
        where r.day = $1 and r.id = $2 and d.name = $3`,
      [day, id, keyBytes(name)],
      options,
    );
    const [row] = rows;
    if (!row) throw this.#notFound(`no such dump of ${id}`);
    return {
      size: row.size,
      sha256: row.sha256,
      select: (part) =>
        `select bytes from ${dumpChunk}
          where day = '${day}' and upload = ${row.upload} and item = ${row.item} and part = ${part}`,
    };
  }

  #notFound(detail: string): StorageError {
    return new StorageError('not_found', this.#store, detail);
  }
}
