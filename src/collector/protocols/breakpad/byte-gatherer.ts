const NOTHING = Buffer.alloc(0);

/**
 * The bytes of a small part. A part within one chunk is a slice of it; one that comes in pieces is copied into
 * a buffer that doubles, so that a body of one-byte chunks costs its size and not a handle for each byte.
 */
export class ByteGatherer {
  #bytes: Buffer = NOTHING;
  #length = 0;
  #owned = false;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    if (this.#length === 0 && !this.#owned) {
      this.#bytes = piece;
      this.#length = piece.length;
      return;
    }
    const needed = this.#length + piece.length;
    if (!this.#owned || needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#length, 1024));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
      this.#owned = true;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = needed;
  }

  /** A view; valid until the next `add`. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
