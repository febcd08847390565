/** Raw crashes and their dumps. Bytes go in and out by the chunk, so that memory does not depend on their size. */
import { randomInt } from 'node:crypto';
import { Readable } from 'node:stream';
import type { SqliteFile } from '../../database/sqlite-file.ts';
import type { Statement } from '../../database/sqlite-protocol.ts';
import { throwIfAborted } from '../../lib/abort.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import { dateText } from '../../search/values.ts';
import { copyDump, refuseTwinDumps } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import { packJson, unpackJson } from './documents.ts';
import { dayDigits } from './processed-table.ts';

/** One row of bytes. Small enough that a page of the cache is not all of one dump. */
const CHUNK_BYTES = 128 * 1024;
/** What a report may hold in memory before its chunks are written ahead; smaller ones take a single transaction. */
const HELD_BYTES = 2 * 1024 * 1024;
/** An upload that has been in the making for so long belongs to a process that died. */
const ABANDONED_MS = 24 * 3_600_000;

/** What readers get at a time, as from a file. */
const PIECE_BYTES = 64 * 1024;

const SELECT_CHUNK = 'select bytes from dump_chunk where upload = ? and item = ? and part = ?';
const INSERT_CHUNK = 'insert into dump_chunk (upload, item, part, bytes) values (?, ?, ?, ?)';

/**
 * Chunks on their way, written ahead when they are many. Their memory is shared with the SQLite thread, so that
 * nothing is copied, and used again: 256 MB of short-lived buffers would otherwise wait for three heaps' collectors.
 */
class Upload {
  readonly number = randomInt(2 ** 47);
  readonly #file: SqliteFile;
  #statements: Statement[] = [];
  #bytes = 0;
  #staged = false;
  readonly #free: Uint8Array[] = [];
  #used: Uint8Array[] = [];

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** A buffer for the next chunk of a dump of which `left` bytes are to come. */
  chunk(left: number): Uint8Array {
    if (left < CHUNK_BYTES) return new Uint8Array(new SharedArrayBuffer(Math.max(left, 1)));
    const bytes = this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(CHUNK_BYTES));
    this.#used.push(bytes);
    return bytes;
  }

  get staged(): boolean {
    return this.#staged;
  }

  get rest(): readonly Statement[] {
    return this.#statements;
  }

  async add(statement: Statement, bytes: number, options: CallOptions): Promise<void> {
    this.#statements.push(statement);
    this.#bytes += bytes;
    if (this.#bytes >= HELD_BYTES) await this.#flush(options);
  }

  async #flush(options: CallOptions): Promise<void> {
    const mark: Statement = {
      sql: 'insert or ignore into staging (upload, started_ms) values (?, ?)',
      parameters: [this.number, Date.now()],
    };
    // From here on even a write whose answer nobody waited for has to be undone.
    const first = !this.#staged;
    this.#staged = true;
    const statements = this.#statements;
    this.#statements = [];
    this.#bytes = 0;
    await this.#file.commit(first ? [mark, ...statements] : statements, options);
    this.#free.push(...this.#used);
    this.#used = [];
  }
}

const UNUSED = 'upload = ? and not exists (select 1 from raw where raw.upload = ?)';

/** Never touches an upload that a raw crash has. */
export const undoUpload = (upload: number): readonly Statement[] => [
  { sql: `delete from dump_chunk where ${UNUSED}`, parameters: [upload, upload] },
  { sql: `delete from dump where ${UNUSED}`, parameters: [upload, upload] },
  { sql: 'delete from staging where upload = ?', parameters: [upload] },
];

/** What retention goes by: never text that is no time, which would be before every day. */
const receivedText = ({ id, receivedAt }: RawCrash): string =>
  dateText(receivedAt) ?? `${dayOf(id)}T00:00:00.000Z`;

/** Statements that take a crash's raw part and dumps away. */
export const removeReport = (id: CrashId): readonly Statement[] => [
  {
    sql: 'delete from dump_chunk where upload = (select upload from raw where id = ?)',
    parameters: [id],
  },
  { sql: 'delete from dump where upload = (select upload from raw where id = ?)', parameters: [id] },
  { sql: 'delete from raw where id = ?', parameters: [id] },
];

export class ReportTable {
  readonly #store: string;
  readonly #file: SqliteFile;

  constructor(store: string, file: SqliteFile) {
    this.#store = store;
    this.#file = file;
  }

  async save({ raw, dumps }: Report, options: CallOptions = {}): Promise<void> {
    refuseTwinDumps(this.#store, dumps);
    const upload = new Upload(this.#file);
    try {
      for (const [item, dump] of dumps.entries()) await this.#addDump(upload, item, dump, options);
      const document = await packJson(raw);
      throwIfAborted(options.signal);
      await this.#file.commit(
        [
          ...removeReport(raw.id),
          ...upload.rest,
          {
            sql: 'insert into raw (id, day, received, upload, document) values (?, ?, ?, ?, ?)',
            parameters: [raw.id, dayDigits(raw.id), receivedText(raw), upload.number, document],
          },
          { sql: 'delete from staging where upload = ?', parameters: [upload.number] },
        ],
        options,
      );
    } catch (error) {
      if (upload.staged) await this.#undo(upload.number, error);
      throw error;
    }
  }

  async readRaw(id: CrashId, options: CallOptions = {}): Promise<RawCrash> {
    const { rows } = await this.#file.query(
      { sql: 'select document from raw where id = ?', parameters: [id] },
      options,
    );
    const [row] = rows;
    if (!row) throw this.#notFound(`no raw crash ${id}`);
    return (await unpackJson(this.#store, row[0])) as RawCrash;
  }

  async listDumps(id: CrashId, options: CallOptions = {}): Promise<readonly DumpInfo[]> {
    const { rows } = await this.#file.query(
      {
        sql: `select d.name, d.size, d.sha256 from raw r left join dump d on d.upload = r.upload
          where r.id = ?`,
        parameters: [id],
      },
      options,
    );
    if (rows.length === 0) throw this.#notFound(`no raw crash ${id}`);
    return rows
      .filter(([name]) => name !== null)
      .map(([name, size, sha256]) => ({
        name: String(name),
        size: Number(size),
        sha256: String(sha256),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async readDump(id: CrashId, name: string, options: CallOptions = {}): Promise<Dump> {
    const { size, sha256 } = await this.#place(id, name, options);
    return {
      name,
      size,
      sha256,
      // Looked up again: the same report may have been saved once more meanwhile.
      open: async (opening = {}) => {
        const place = await this.#place(id, name, opening);
        return Readable.from(this.#chunks(place, opening), { objectMode: false });
      },
    };
  }

  /** Chunks of uploads that died in the making. Called when the store opens. */
  async sweep(options: CallOptions = {}): Promise<void> {
    const { rows } = await this.#file.query(
      { sql: 'select upload from staging where started_ms < ?', parameters: [Date.now() - ABANDONED_MS] },
      options,
    );
    for (const [upload] of rows) await this.#file.commit(undoUpload(Number(upload)), options);
  }

  async #addDump(upload: Upload, item: number, dump: Dump, options: CallOptions): Promise<void> {
    let chunk: Uint8Array | undefined;
    let filled = 0;
    let part = 0;
    const write = async (bytes: Uint8Array): Promise<void> => {
      const parameters = [upload.number, item, part, bytes];
      chunk = undefined;
      filled = 0;
      part += 1;
      await upload.add({ sql: INSERT_CHUNK, parameters }, bytes.length, options);
    };
    const copy = async (source: Uint8Array): Promise<void> => {
      for (let from = 0; from < source.length; ) {
        chunk ??= upload.chunk(dump.size - part * CHUNK_BYTES);
        const piece = source.subarray(from, from + chunk.length - filled);
        chunk.set(piece, filled);
        from += piece.length;
        filled += piece.length;
        if (filled === chunk.length) await write(chunk);
      }
    };
    const { sha256 } = await copyDump(this.#store, dump, copy, options);
    const parameters = [upload.number, dump.name, item, dump.size, sha256];
    const sql = 'insert into dump (upload, name, item, size, sha256) values (?, ?, ?, ?, ?)';
    await upload.add({ sql, parameters }, 0, options);
  }

  /** Not with the caller's signal, which may be why we are here. */
  async #undo(upload: number, reason: unknown): Promise<void> {
    try {
      await this.#file.commit(undoUpload(upload));
    } catch (cause) {
      // The sweep of a later start takes them away; what matters to the caller is why the save failed.
      if (reason instanceof Error && reason.cause === undefined) reason.cause = cause;
    }
  }

  async #place(id: CrashId, name: string, options: CallOptions) {
    const { rows } = await this.#file.query(
      {
        sql: `select d.upload, d.item, d.size, d.sha256 from raw r join dump d on d.upload = r.upload
          where r.id = ? and d.name = ?`,
        parameters: [id, name],
      },
      options,
    );
    const [row] = rows;
    if (!row) throw this.#notFound(`no such dump of ${id}`);
    const [upload, item, size, sha256] = row;
    return { upload: Number(upload), item: Number(item), size: Number(size), sha256: String(sha256) };
  }

  async *#chunks(
    place: { readonly upload: number; readonly item: number; readonly size: number },
    options: CallOptions,
  ): AsyncGenerator<Buffer> {
    const chunk = new Uint8Array(new SharedArrayBuffer(Math.min(place.size, CHUNK_BYTES)));
    let done = 0;
    for (let part = 0; done < place.size; part += 1) {
      throwIfAborted(options.signal);
      const parameters = [place.upload, place.item, part];
      const length = await this.#file.readBlob({ sql: SELECT_CHUNK, parameters }, chunk);
      if (!length) {
        throw new StorageError(
          'unavailable',
          this.#store,
          'the dump was removed or replaced while it was read',
        );
      }
      done += length;
      for (let from = 0; from < length; from += PIECE_BYTES) {
        yield Buffer.from(chunk.subarray(from, Math.min(from + PIECE_BYTES, length)));
      }
    }
  }

  #notFound(detail: string): StorageError {
    return new StorageError('not_found', this.#store, detail);
  }
}
