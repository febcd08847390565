/**
 * What one report looks like in the journal. A segment starts with a line of text and eight random bytes; each record is
 *
 *     8 bytes  the segment's random bytes again, so that reading can go on behind a damaged place; nobody who
 *              uploads a dump knows them, so nothing in a dump can pass for a record
 *     u32      length of the payload, little-endian
 *     u32      CRC-32 of the payload
 *     payload  u32 length of the head, u32 length of the raw crash, head (JSON), raw crash (JSON), small dumps
 *
 * Marks of reports that are done lie beside it (`NUMBER.done`), framed in the same way: a JSON list of offsets.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type CrashId, isCrashId } from '../model/crash-id.ts';
import { freezeRaw, type RawCrash } from '../model/report.ts';

const MAGIC = Buffer.from('auxilio spool 1\n');
const NONCE_BYTES = 8;
export const SEGMENT_HEADER_BYTES = MAGIC.length + NONCE_BYTES;
const FRAME_HEADER_BYTES = NONCE_BYTES + 8;
const READ_BYTES = 1024 ** 2;

/** A dump of a report in the journal: in a file of its box (`FOLDER/FILE`), or behind the raw crash. */
export interface DumpRef {
  readonly name: string;
  readonly size: number;
  readonly place: { readonly file: string } | { readonly at: number };
}

/** What must be known of a report without reading its annotations. */
export interface RecordHead {
  readonly id: CrashId;
  /** When it was committed, milliseconds. */
  readonly time: number;
  readonly dumps: readonly DumpRef[];
}

export interface SpoolRecord {
  readonly head: RecordHead;
  readonly raw: RawCrash;
  /** The bytes of a dump that lies in the record. */
  inline(at: number, size: number): Buffer;
}

/** A record or mark that is not what was written. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

export const newNonce = (): Buffer => randomBytes(NONCE_BYTES);
export const segmentHeader = (nonce: Buffer): Buffer => Buffer.concat([MAGIC, nonce]);

/** Bytes of a framed payload, in parts that are written one after the other. */
export function frame(nonce: Buffer, payload: readonly Uint8Array[]): Uint8Array[] {
  let length = 0;
  let crc = 0;
  for (const part of payload) {
    length += part.length;
    crc = crc32(part, crc);
  }
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  nonce.copy(header);
  header.writeUInt32LE(length, NONCE_BYTES);
  header.writeUInt32LE(crc, NONCE_BYTES + 4);
  return [header, ...payload];
}

export function encodeRecord(
  head: RecordHead,
  raw: RawCrash,
  inline: readonly Uint8Array[] = [],
): Uint8Array[] {
  const headText = Buffer.from(JSON.stringify(head));
  const rawText = Buffer.from(JSON.stringify(raw));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(headText.length, 0);
  lengths.writeUInt32LE(rawText.length, 4);
  return [lengths, headText, rawText, ...inline];
}

export function decodeHead(payload: Buffer): RecordHead {
  const length = payload.length >= 8 ? payload.readUInt32LE(0) : Number.POSITIVE_INFINITY;
  if (8 + length > payload.length) throw new DamagedError('a record is shorter than its head');
  const head = JSON.parse(payload.toString('utf8', 8, 8 + length)) as RecordHead;
  if (!isCrashId(head.id)) throw new DamagedError('a record has no crash id');
  for (const { place } of head.dumps) {
    // The name becomes a path.
    if ('file' in place && !/^\d+\/\d+$/.test(place.file))
      throw new DamagedError('a record names a strange file');
  }
  return head;
}

export function decodeRecord(payload: Buffer): SpoolRecord {
  const head = decodeHead(payload);
  const rawStart = 8 + payload.readUInt32LE(0);
  const dumpStart = rawStart + payload.readUInt32LE(4);
  const raw = JSON.parse(payload.toString('utf8', rawStart, dumpStart)) as RawCrash;
  return {
    head,
    raw: freezeRaw(raw),
    inline: (at, size) => payload.subarray(dumpStart + at, dumpStart + at + size),
  };
}

/** The random bytes of a segment; undefined when its header never reached the disk, and nothing behind it can have. */
export async function readNonce(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(SEGMENT_HEADER_BYTES),
      0,
      SEGMENT_HEADER_BYTES,
      0,
    );
    if (bytesRead < SEGMENT_HEADER_BYTES || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    return buffer.subarray(MAGIC.length);
  } finally {
    await file.close();
  }
}

/** The payload of the frame at `offset`. Rejects with `DamagedError`. */
export async function readFrameAt(
  file: FileHandle,
  nonce: Buffer,
  offset: number,
  length: number,
): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  const payload = payloadAt(buffer.subarray(0, bytesRead), nonce, 0);
  if (!payload) throw new DamagedError(`the record at ${offset} is damaged`);
  return payload;
}

function payloadAt(bytes: Buffer, nonce: Buffer, at: number): Buffer | undefined {
  const length = frameLength(bytes, nonce, at);
  if (length === undefined || at + length > bytes.length) return undefined;
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + length);
  return crc32(payload) === bytes.readUInt32LE(at + NONCE_BYTES + 4) ? payload : undefined;
}

/** Header and payload together, as the header says. */
function frameLength(bytes: Buffer, nonce: Buffer, at: number): number | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length) return undefined;
  if (nonce.compare(bytes, at, at + NONCE_BYTES) !== 0) return undefined;
  return FRAME_HEADER_BYTES + bytes.readUInt32LE(at + NONCE_BYTES);
}

export interface Frame {
  readonly offset: number;
  /** With its header. */
  readonly length: number;
  readonly payload: Buffer;
}

/**
 * Every whole frame of a file from `start` on. A torn end is what a power cut leaves and is passed over;
 * a damaged place with whole frames behind it is told to `onGap`.
 */
export async function* readFrames(
  path: string,
  nonce: Buffer,
  start: number,
  onGap: (offset: number, bytes: number) => void,
): AsyncGenerator<Frame> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const view = new FileView(file, start);
    let offset = start;
    let damagedFrom: number | undefined;
    while (offset + FRAME_HEADER_BYTES <= size) {
      const header = await view.at(offset, FRAME_HEADER_BYTES);
      const length = frameLength(header, nonce, 0);
      const isInside = length !== undefined && offset + length <= size;
      const payload = isInside ? payloadAt(await view.at(offset, length), nonce, 0) : undefined;
      if (payload && length !== undefined) {
        if (damagedFrom !== undefined) onGap(damagedFrom, offset - damagedFrom);
        damagedFrom = undefined;
        yield { offset, length, payload: Buffer.from(payload) };
        offset += length;
      } else {
        damagedFrom ??= offset;
        offset = await view.find(nonce, offset + 1, size);
      }
    }
  } finally {
    await file.close();
  }
}

/** A window on a file that moves forward. */
class FileView {
  readonly #file: FileHandle;
  #start: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, start: number) {
    this.#file = file;
    this.#start = start;
  }

  /** Up to `length` bytes at `offset`, which must not be before the last one asked for. */
  async at(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#start;
    if (from + length > this.#bytes.length) await this.#load(offset, length);
    const at = offset - this.#start;
    return this.#bytes.subarray(at, at + length);
  }

  /** Where `what` next is from `offset` on; `end` when nowhere. */
  async find(what: Buffer, offset: number, end: number): Promise<number> {
    for (let at = offset; at < end; at += READ_BYTES) {
      const found = (await this.at(at, READ_BYTES + what.length)).indexOf(what);
      if (found >= 0) return at + found;
    }
    return end;
  }

  async #load(offset: number, length: number): Promise<void> {
    const buffer = Buffer.alloc(Math.max(length, READ_BYTES));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
    this.#start = offset;
    this.#bytes = buffer.subarray(0, bytesRead);
  }
}
