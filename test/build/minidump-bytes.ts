/** Bytes of a synthetic minidump. */

/** Bytes that grow; offsets are file offsets. */
export class Bytes {
  readonly #parts: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends, aligned to four bytes; the offset of what was appended. */
  add(bytes: Buffer): number {
    const gap = (4 - (this.#length % 4)) % 4;
    if (gap > 0) this.#push(Buffer.alloc(gap));
    const at = this.#length;
    this.#push(bytes);
    return at;
  }

  #push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  join(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** A structure: fields one after the other, in one byte order. */
export function pack(
  big: boolean,
  ...fields: readonly (readonly [bits: 8 | 16 | 32 | 64, value: number | bigint])[]
): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [bits]) => sum + bits / 8, 0));
  let at = 0;
  for (const [bits, value] of fields) {
    const n = BigInt.asUintN(bits, BigInt(value));
    if (bits === 64) big ? bytes.writeBigUInt64BE(n, at) : bytes.writeBigUInt64LE(n, at);
    else if (bits === 32) big ? bytes.writeUInt32BE(Number(n), at) : bytes.writeUInt32LE(Number(n), at);
    else if (bits === 16) big ? bytes.writeUInt16BE(Number(n), at) : bytes.writeUInt16LE(Number(n), at);
    else bytes.writeUInt8(Number(n), at);
    at += bits / 8;
  }
  return bytes;
}
