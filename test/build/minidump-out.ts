/** What every stream of a synthetic minidump is written with: fields, strings and lists in one byte order, and the directory. */
import { Bytes, pack } from './minidump-bytes.ts';

export class MinidumpOut {
  readonly #big: boolean;
  readonly #padded: boolean;
  readonly #out = new Bytes();
  readonly #directory: { readonly type: number; readonly size: number; readonly rva: number }[] = [];

  constructor(options: { readonly bigEndian?: boolean | undefined; readonly padded?: boolean | undefined }) {
    this.#big = options.bigEndian ?? false;
    this.#padded = options.padded ?? false;
    this.#out.add(Buffer.alloc(32));
  }

  /** The offset of what was appended. */
  add(bytes: Buffer): number {
    return this.#out.add(bytes);
  }

  pack(...fields: readonly (readonly [8 | 16 | 32 | 64, number | bigint])[]): Buffer {
    return pack(this.#big, ...fields);
  }

  utf16(text: string): Buffer {
    const bytes = Buffer.from(text, 'utf16le');
    return this.#big ? bytes.swap16() : bytes;
  }

  /** The offset of the text in UTF-16, with its length before it. */
  string(text: string): number {
    const bytes = this.utf16(`${text}\0`);
    return this.#out.add(Buffer.concat([this.pack([32, bytes.length - 2]), bytes]));
  }

  /** The same in UTF-8. */
  utf8(text: string): number {
    const bytes = Buffer.from(`${text}\0`, 'utf8');
    return this.#out.add(Buffer.concat([this.pack([32, bytes.length - 1]), bytes]));
  }

  stream(type: number, bytes: Buffer): void {
    this.#directory.push({ type, size: bytes.length, rva: this.#out.add(bytes) });
  }

  /** A count and its entries. */
  list(count: number, entries: readonly Buffer[]): Buffer {
    const padding = this.#padded ? [Buffer.alloc(4)] : [];
    return Buffer.concat([this.pack([32, count]), ...padding, ...entries]);
  }

  guid(text: string): Buffer {
    const hex = text.replaceAll('-', '');
    const part = (from: number, to: number): number => Number.parseInt(hex.slice(from, to), 16);
    return Buffer.concat([
      this.pack([32, part(0, 8)], [16, part(8, 12)], [16, part(12, 16)]),
      Buffer.from(hex.slice(16), 'hex'),
    ]);
  }

  /** The whole file; `time` in seconds since 1970. */
  finish(time: number): Buffer {
    const entries = this.#directory.map((d) => this.pack([32, d.type], [32, d.size], [32, d.rva]));
    const directory = this.#out.add(Buffer.concat(entries));
    const bytes = this.#out.join();
    this.pack(
      [32, 0x504d444d],
      [32, 0xa793],
      [32, entries.length],
      [32, directory],
      [32, 0],
      [32, time],
      [64, 0],
    ).copy(bytes, 0);
    return bytes;
  }
}
