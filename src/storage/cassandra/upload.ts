/** The chunks of one upload on their way out: numbered, a few at a time, their buffers used again. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { copyDump } from '../dump-bytes.ts';
import { type ChunkTable, chunksFor } from './chunks.ts';
import type { UploadKey } from './intents.ts';
import type { StoredDump } from './manifests.ts';
import { CHUNK_BYTES } from './tables.ts';

/** Chunks of one upload that are sent and not answered; one more is being filled. */
const WINDOW = 2;

export class Upload {
  readonly #store: string;
  readonly #chunks: ChunkTable;
  readonly #key: UploadKey;
  readonly #sent = new Set<Promise<void>>();
  readonly #free: Uint8Array[] = [];
  #failure: { readonly error: unknown } | undefined;
  #next = 0;

  constructor(store: string, chunks: ChunkTable, key: UploadKey) {
    this.#store = store;
    this.#chunks = chunks;
    this.#key = key;
  }

  /** How many chunks may have been written. */
  get count(): number {
    return this.#next;
  }

  async addBytes(bytes: Uint8Array, options: CallOptions): Promise<void> {
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES)
      await this.#send(bytes.subarray(from, from + CHUNK_BYTES), options);
  }

  async addDump(dump: Dump, options: CallOptions): Promise<StoredDump> {
    const first = this.#next;
    let chunk: Uint8Array | undefined;
    let filled = 0;
    let copied = 0;
    const copy = async (source: Uint8Array): Promise<void> => {
      for (let from = 0; from < source.length; ) {
        chunk ??= this.#buffer(dump.size - copied);
        const piece = source.subarray(from, from + chunk.length - filled);
        chunk.set(piece, filled);
        from += piece.length;
        filled += piece.length;
        copied += piece.length;
        if (filled < chunk.length) continue;
        const full = chunk;
        chunk = undefined;
        filled = 0;
        await this.#send(full, options, this.#free);
      }
    };
    const { sha256 } = await copyDump(this.#store, dump, copy, options);
    return { name: dump.name, size: dump.size, sha256, first };
  }

  /** Resolves when every chunk is written; rejects with the first failure. */
  async finish(): Promise<void> {
    await Promise.all(this.#sent);
    if (this.#failure) throw this.#failure.error;
  }

  #buffer(left: number): Uint8Array {
    const size = Math.min(left, CHUNK_BYTES);
    return (size === CHUNK_BYTES && this.#free.pop()) || Buffer.allocUnsafeSlow(size);
  }

  /** `free`: where the buffer goes when it is sent. */
  async #send(bytes: Uint8Array, options: CallOptions, free?: Uint8Array[]): Promise<void> {
    throwIfAborted(options.signal);
    const part = this.#next;
    this.#next += 1;
    const sending = this.#chunks
      .write(this.#key.upload, part, bytes, { ...options, at: this.#key.written })
      .then(
        () => {
          if (bytes.length === CHUNK_BYTES) free?.push(bytes);
        },
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => this.#sent.delete(sending));
    this.#sent.add(sending);
    while (this.#sent.size >= WINDOW) await Promise.race(this.#sent);
    if (this.#failure) throw this.#failure.error;
  }
}

/** The chunks that an upload will have: those of its document, when it is too large for its row, and of each dump. */
export const countChunks = (documentBytes: number, dumps: readonly Dump[]): number =>
  dumps.reduce((sum, dump) => sum + chunksFor(dump.size), chunksFor(documentBytes));
