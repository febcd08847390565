/** The bytes of an upload: rows of at most 1 MB, numbered through all its parts, 16 to a partition. */
import { mapConcurrent, type Semaphore } from '../../lib/concurrency.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { Session } from './session.ts';
import { CHUNK_BYTES, CHUNKS_PER_PARTITION } from './tables.ts';

/** Parts lie a little longer than the row that names them, so that no readable crash misses one. */
const TTL_MARGIN_SECONDS = 86_400;
const DELETES_AT_ONCE = 8;

const INSERT = 'insert into chunk (upload, piece, part, size, bytes) values (?, ?, ?, ?, ?) using ttl ?';
const SELECT = 'select bytes from chunk where upload = ? and piece = ? and part = ?';
const SIZES = 'select size from chunk where upload = ? and piece = ?';
const DELETE = 'delete from chunk where upload = ? and piece = ?';

export const chunksFor = (bytes: number): number => Math.ceil(bytes / CHUNK_BYTES);

/** Where bytes lie: from the first byte of the chunk `first` of an upload on. */
export interface Place {
  readonly upload: unknown;
  readonly first: number;
  readonly size: number;
}

const pieceOf = (part: number): number => Math.floor(part / CHUNKS_PER_PARTITION);
const pieces = (chunks: number): readonly number[] =>
  Array.from({ length: Math.ceil(chunks / CHUNKS_PER_PARTITION) }, (_, piece) => piece);

export const outlive = (ttlSeconds: number, days: number): number =>
  ttlSeconds === 0 ? 0 : ttlSeconds + days * TTL_MARGIN_SECONDS;

export class ChunkTable {
  readonly #store: string;
  readonly #session: Session;
  readonly #inFlight: Semaphore;

  constructor(store: string, session: Session, inFlight: Semaphore) {
    this.#store = store;
    this.#session = session;
    this.#inFlight = inFlight;
  }

  /** `bytes` may be used again once it resolves, and not after it rejects: the driver may still hold them. */
  write(
    upload: unknown,
    part: number,
    bytes: Uint8Array,
    options: CallOptions & { readonly at: number },
  ): Promise<void> {
    const ttl = outlive(this.#session.ttl, 1);
    const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#inFlight.run(() =>
      this.#session.write(INSERT, [upload, pieceOf(part), part, bytes.length, blob, ttl], options),
    );
  }

  /** Chunk by chunk, the next already asked for. Rejects with `unavailable` when one is not there (any more). */
  async *read({ upload, first, size }: Place, options: CallOptions = {}): AsyncGenerator<Buffer> {
    const end = first + chunksFor(size);
    const ask = (part: number): Promise<Buffer> => {
      const asked = this.#one(upload, part, options);
      // Whoever stops reading early never asks what became of it.
      asked.catch(() => undefined);
      return asked;
    };
    let next = size > 0 ? ask(first) : undefined;
    let left = size;
    for (let part = first + 1; next; part += 1) {
      const bytes: Buffer = await next;
      if (bytes.length !== Math.min(left, CHUNK_BYTES))
        throw new StorageError('corrupt', this.#store, 'a chunk has not the size it was saved with');
      left -= bytes.length;
      next = part < end ? ask(part) : undefined;
      yield bytes;
    }
  }

  /** Number and bytes of what is there of an upload of at most `chunks`. */
  async measure(
    upload: unknown,
    chunks: number,
    options: CallOptions = {},
  ): Promise<{ readonly count: number; readonly bytes: number }> {
    let count = 0;
    let bytes = 0;
    for (const piece of pieces(chunks)) {
      for (const row of await this.#session.rows(SIZES, [upload, piece], options)) {
        count += 1;
        bytes += Number(row['size']);
      }
    }
    return { count, bytes };
  }

  async remove(
    upload: unknown,
    chunks: number,
    options: CallOptions & { readonly at: number; readonly tidying?: boolean | undefined },
  ): Promise<void> {
    await mapConcurrent(pieces(chunks), DELETES_AT_ONCE, (piece) =>
      this.#session.write(DELETE, [upload, piece], options),
    );
  }

  async #one(upload: unknown, part: number, options: CallOptions): Promise<Buffer> {
    const [row] = await this.#session.rows(SELECT, [upload, pieceOf(part), part], options);
    if (row) return row['bytes'] as Buffer;
    throw new StorageError(
      'unavailable',
      this.#store,
      'a chunk is not there: the bytes were removed or replaced while they were read, or too few replicas were asked',
    );
  }
}
