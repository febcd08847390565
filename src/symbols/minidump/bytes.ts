/**
 * Bounds-checked access to the bytes of a dump. Every read names what it reads, so that a problem can say what is
 * broken; nothing past the end of the file is ever touched, and no read is larger than its caller's cap.
 */
import { readSync } from 'node:fs';

/** The dump is not what it says it is. Never leaves the reader: it becomes a line in the list of problems. */
export class BrokenDump extends Error {
  override readonly name = 'BrokenDump';
}

/** Where bytes come from. `read` gives exactly `length` bytes; the caller has checked the bounds. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Buffer;
}

/** A dump in memory. */
export function bufferSource(bytes: Uint8Array): ByteSource {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: buffer.length, read: (offset, length) => buffer.subarray(offset, offset + length) };
}

/** Reads of an open file in blocks: a dump of a gigabyte costs a few blocks, not a gigabyte. */
const BLOCK_BYTES = 64 * 1024;
/** Lists and the names they point to lie in different places. */
const MAX_BLOCKS = 32;

/** A dump on disk, read by position; the descriptor belongs to the caller. */
export function fileSource(fd: number, size: number): ByteSource {
  const blocks = new Map<number, Buffer>();
  function readExactly(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const got = readSync(fd, bytes, done, length - done, offset + done);
      if (got === 0) throw new BrokenDump('the file became shorter while it was read');
      done += got;
    }
    return bytes;
  }
  function block(start: number): Buffer {
    const held = blocks.get(start);
    if (held) return held;
    const [oldest] = blocks.keys();
    if (blocks.size >= MAX_BLOCKS && oldest !== undefined) blocks.delete(oldest);
    const bytes = readExactly(start, Math.min(BLOCK_BYTES, size - start));
    blocks.set(start, bytes);
    return bytes;
  }
  return {
    size,
    read(offset, length) {
      const start = offset - (offset % BLOCK_BYTES);
      if (offset + length > start + BLOCK_BYTES) return readExactly(offset, length);
      return block(start).subarray(offset - start, offset - start + length);
    },
  };
}

export type Endian = 'little' | 'big';

/** A range of the dump's bytes with a byte order; every getter checks its bounds. */
export class View {
  readonly bytes: Buffer;
  readonly endian: Endian;
  readonly #what: string;

  constructor(bytes: Buffer, endian: Endian, what: string) {
    this.bytes = bytes;
    this.endian = endian;
    this.#what = what;
  }

  get length(): number {
    return this.bytes.length;
  }

  #check(at: number, length: number): void {
    if (at + length > this.bytes.length) throw new BrokenDump(`${this.#what} is too short`);
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.bytes.readUInt8(at);
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.endian === 'little' ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.endian === 'little' ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  u64(at: number): bigint {
    this.#check(at, 8);
    return this.endian === 'little' ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at);
  }

  sub(at: number, length: number): View {
    this.#check(at, length);
    return new View(this.bytes.subarray(at, at + length), this.endian, this.#what);
  }
}

/** A string longer than this is cut: paths, names and annotations are shorter. */
export const MAX_STRING_BYTES = 64 * 1024;
/** All text of a dump together. Without it 16,384 modules could name one 64 KiB string each. */
export const MAX_TEXT_BYTES = 32 * 1024 * 1024;

export interface Location {
  readonly size: number;
  readonly rva: number;
}

/** The file, its byte order, and what reading it has cost so far. */
export class DumpFile {
  readonly #source: ByteSource;
  readonly endian: Endian;
  #text = 0;

  constructor(source: ByteSource, endian: Endian) {
    this.#source = source;
    this.endian = endian;
  }

  get size(): number {
    return this.#source.size;
  }

  /** `length` bytes at `offset`; throws `BrokenDump` when they are not all in the file. */
  view(offset: number, length: number, what: string): View {
    if (offset + length > this.#source.size) throw new BrokenDump(`${what} lies outside the file`);
    return new View(this.#source.read(offset, length), this.endian, what);
  }

  /** Up to `length` bytes: what is there of them. */
  viewUpTo(offset: number, length: number, what: string): View {
    if (offset > this.#source.size) throw new BrokenDump(`${what} lies outside the file`);
    return this.view(offset, Math.min(length, this.#source.size - offset), what);
  }

  /** Takes `bytes` from what text may cost; throws when it is used up. */
  spend(bytes: number): void {
    this.#text += bytes;
    if (this.#text > MAX_TEXT_BYTES) throw new BrokenDump('more text than a dump may have');
  }

  /** A length-prefixed UTF-16 string; a length that is too large is cut to what is there. */
  utf16(rva: number, what: string): string {
    const length = this.view(rva, 4, what).u32(0);
    const even = Math.min(length, MAX_STRING_BYTES) & ~1;
    const bytes = this.viewUpTo(rva + 4, even, what).bytes;
    this.spend(bytes.length);
    return decodeUtf16(bytes.subarray(0, bytes.length & ~1), this.endian);
  }

  /** A length-prefixed UTF-8 string (Crashpad's). */
  utf8(rva: number, what: string): string {
    const length = this.view(rva, 4, what).u32(0);
    const bytes = this.viewUpTo(rva + 4, Math.min(length, MAX_STRING_BYTES), what).bytes;
    this.spend(bytes.length);
    return bytes.toString('utf8');
  }
}

/** UTF-16 text up to its first NUL. */
export function decodeUtf16(bytes: Buffer, endian: Endian): string {
  const little = endian === 'little' ? bytes : Buffer.from(bytes).swap16();
  const text = little.toString('utf16le');
  const end = text.indexOf('\0');
  return (end === -1 ? text : text.slice(0, end)).toWellFormed();
}

/** Bytes as text up to the first NUL. */
export function decodeText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return (end === -1 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** `0x` and as many digits as a pointer of the process has. */
export const hex = (value: bigint, pointerBytes: number): string =>
  `0x${value.toString(16).padStart(pointerBytes * 2, '0')}`;
