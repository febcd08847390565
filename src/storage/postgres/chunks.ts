/** Bytes of dumps and blobs, in rows of one size, so that memory does not depend on how many they are. */
import { Readable } from 'node:stream';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { copyDump } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';

/** One row. */
export const CHUNK_BYTES = 128 * 1024;
/** What a report holds in memory before it is written ahead. */
export const HELD_BYTES = 1024 * 1024;
/** What readers get at a time, as from a file. */
const PIECE_BYTES = 64 * 1024;

export interface Chunk {
  readonly item: number;
  readonly part: number;
  readonly bytes: Buffer;
}

/** Who takes the chunks of a dump; the memory is his. */
export interface ChunkTaker {
  buffer(size: number): Buffer;
  take(part: number, bytes: Buffer): Promise<void>;
}

/** Cuts a dump into chunks and hands over each; resolves with the SHA-256 when all were taken. */
export async function cutDump(
  store: string,
  dump: Dump,
  taker: ChunkTaker,
  options: CallOptions,
): Promise<string> {
  let chunk: Buffer | undefined;
  let filled = 0;
  let part = 0;
  const copy = async (source: Uint8Array): Promise<void> => {
    for (let from = 0; from < source.length; ) {
      chunk ??= taker.buffer(Math.min(CHUNK_BYTES, dump.size - part * CHUNK_BYTES));
      const piece = source.subarray(from, from + chunk.length - filled);
      chunk.set(piece, filled);
      from += piece.length;
      filled += piece.length;
      if (filled < chunk.length) continue;
      const whole = chunk;
      chunk = undefined;
      filled = 0;
      part += 1;
      await taker.take(part - 1, whole);
    }
  };
  const { sha256 } = await copyDump(store, dump, copy, options);
  return sha256;
}

/** Where the chunks of one dump or blob lie. */
export interface ChunkPlace {
  readonly size: number;
  /** SQL that selects the bytes of one chunk, without parameters. */
  select(part: number): string;
}

/** A stream over the chunks. Each is asked for while the one before it is read. */
export function streamOf(
  pool: PostgresPool,
  store: string,
  place: ChunkPlace,
  options: CallOptions = {},
): Readable {
  return Readable.from(pieces(pool, store, place, options), {
    objectMode: false,
    highWaterMark: PIECE_BYTES,
  });
}

async function* pieces(
  pool: PostgresPool,
  store: string,
  place: ChunkPlace,
  options: CallOptions,
): AsyncGenerator<Buffer> {
  const ask = async (part: number): Promise<Buffer | undefined> => {
    const [bytes] = await pool.bytes(place.select(part), options);
    return bytes;
  };
  const count = Math.ceil(place.size / CHUNK_BYTES);
  let pending = count > 0 ? ask(0) : undefined;
  for (let part = 0; part < count; part += 1) {
    throwIfAborted(options.signal);
    const bytes = await pending;
    if (!bytes)
      throw new StorageError('unavailable', store, 'the bytes were removed or replaced while they were read');
    pending = part + 1 < count ? ask(part + 1) : undefined;
    // Should the reader stop here, nobody asks how it went.
    pending?.catch(() => undefined);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES)
      yield bytes.subarray(from, Math.min(from + PIECE_BYTES, bytes.length));
  }
}

/** `($1, $2), ($3, $4)`: places of the parameters of several rows. */
export function placesOf(rows: number, columns: number, first = 1): string {
  const row = (r: number): string =>
    `(${Array.from({ length: columns }, (_, c) => `$${first + r * columns + c}`).join(', ')})`;
  return Array.from({ length: rows }, (_, r) => row(r)).join(', ');
}

/** Any text as bytes that sort as JavaScript sorts it: Postgres's text takes no U+0000 and no half of a pair. */
export const keyBytes = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

export const keyText = (bytes: Buffer): string => Buffer.from(bytes).swap16().toString('utf16le');
