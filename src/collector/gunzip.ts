/**
 * gzip (RFC 1952), member by member. What follows the last member is ignored, as browsers, gzip(1) and Socorro do it:
 * Node's own reader ignores zeros alone, and fails for anything else with the bytes that it had unpacked last.
 * Test: gunzip.test.ts.
 */
import { Transform } from 'node:stream';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';

const NOTHING = Buffer.alloc(0);
const MAGIC = [0x1f, 0x8b, 8];
const FLAGS = { headCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };
const FIXED_HEAD = 10;
/** Of a head, with the file's name and comment in it. */
const MAX_HEAD = 8192;
/** CRC-32 and length of what was unpacked, modulo 2^32. */
const TAIL = 8;
/** Of 20 bytes each, an attacker's members would cost a decoder each. */
const MAX_MEMBERS = 1000;

/** Bytes of the head; `more` when it is not all there. */
function headLength(bytes: Buffer): number | 'more' | 'none' {
  if (MAGIC.some((byte, at) => at < bytes.length && bytes[at] !== byte)) return 'none';
  if (bytes.length < FIXED_HEAD) return 'more';
  const flags = bytes[3] as number;
  if (flags & FLAGS.reserved) return 'none';
  let at = FIXED_HEAD;
  if (flags & FLAGS.extra) {
    if (bytes.length < at + 2) return 'more';
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const text of [FLAGS.name, FLAGS.comment]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return 'more';
    at = end + 1;
  }
  if (flags & FLAGS.headCrc) at += 2;
  return at <= bytes.length ? at : 'more';
}

interface Member {
  readonly inflate: InflateRaw;
  /** Resolves when all of it was handed out. */
  readonly ended: Promise<void>;
}

class Gunzip extends Transform {
  readonly #chunkSize: number;
  #state: 'head' | 'body' | 'tail' | 'rest' = 'head';
  /** The beginning of a head or a tail. */
  #held: Buffer = NOTHING;
  #member: Member | undefined;
  #members = 0;
  #crc = 0;
  #length = 0;

  constructor(chunkSize: number) {
    super({ readableHighWaterMark: chunkSize });
    this.#chunkSize = chunkSize;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#take(chunk).then(() => done(), done);
  }

  override _flush(done: (error?: Error) => void): void {
    const isWhole = this.#state === 'rest' || (this.#state === 'head' && this.#members > 0);
    done(isWhole ? undefined : new Error('gzip: it ends within a member'));
  }

  override _read(size: number): void {
    this.#member?.inflate.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#member?.inflate.destroy();
    done(error);
  }

  async #take(chunk: Buffer): Promise<void> {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    while (bytes.length > 0 && this.#state !== 'rest') {
      const used = await this.#step(bytes);
      if (used === 'more') {
        this.#held = Buffer.from(bytes);
        return;
      }
      bytes = bytes.subarray(used);
    }
  }

  #step(bytes: Buffer): number | 'more' | Promise<number> {
    if (this.#state === 'head') return this.#head(bytes);
    return this.#state === 'tail' ? this.#tail(bytes) : this.#body(bytes);
  }

  #head(bytes: Buffer): number | 'more' {
    const length = headLength(bytes);
    if (length === 'none' && this.#members > 0) {
      this.#state = 'rest';
      return bytes.length;
    }
    if (length === 'none') throw new Error('gzip: no head');
    if (length === 'more') {
      if (bytes.length > MAX_HEAD) throw new Error('gzip: the head is too long');
      return 'more';
    }
    if (this.#members >= MAX_MEMBERS) throw new Error('gzip: too many members');
    this.#member = this.#open();
    this.#state = 'body';
    return length;
  }

  #open(): Member {
    const inflate = createInflateRaw({ chunkSize: this.#chunkSize });
    this.#crc = 0;
    this.#length = 0;
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    // Whoever writes hears of it.
    ended.catch(() => undefined);
    inflate
      .on('data', (unpacked: Buffer) => {
        this.#crc = crc32(unpacked, this.#crc);
        this.#length = (this.#length + unpacked.length) >>> 0;
        if (!this.push(unpacked)) inflate.pause();
      })
      .on('end', resolve)
      .on('error', reject);
    return { inflate, ended };
  }

  async #body(bytes: Buffer): Promise<number> {
    const { inflate, ended } = this.#member as Member;
    const before = inflate.bytesWritten;
    const written = new Promise<void>((resolve, reject) => {
      inflate.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    await Promise.race([written, ended]);
    const used = inflate.bytesWritten - before;
    if (used === bytes.length) return used;
    await ended;
    inflate.destroy();
    this.#member = undefined;
    this.#members += 1;
    this.#state = 'tail';
    return used;
  }

  #tail(bytes: Buffer): number | 'more' {
    if (bytes.length < TAIL) return 'more';
    if (bytes.readUInt32LE(0) !== this.#crc || bytes.readUInt32LE(4) !== this.#length)
      throw new Error('gzip: what was unpacked is not what was packed');
    this.#state = 'head';
    return TAIL;
  }
}

export const createGunzip = ({ chunkSize }: { readonly chunkSize: number }): Transform =>
  new Gunzip(chunkSize);
