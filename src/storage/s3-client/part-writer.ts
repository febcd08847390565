/** Cuts a stream of bytes into parts and sends them while the next one is filled. */
import { type CompletedPart, UploadPartCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../model/report.ts';
import { ByteBudget } from './byte-budget.ts';
import type { S3Connection } from './connection.ts';

/** Memory of parts, over all uploads at once. Kept for the next part as long as an upload goes on, and not longer. */
export class PartBuffers {
  readonly partBytes: number;
  readonly #budget: ByteBudget;
  #users = 0;
  #spare: Buffer[] = [];

  constructor(limit: number, partBytes: number) {
    this.partBytes = partBytes;
    this.#budget = new ByteBudget(limit);
  }

  join(): void {
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#spare = [];
  }

  /** A buffer of `partBytes`; `release(true)` when nobody looks into it any more. */
  async take(
    options?: CallOptions,
  ): Promise<{ readonly bytes: Buffer; readonly release: (reuse: boolean) => void }> {
    const give = await this.#budget.take(this.partBytes, options);
    const bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.partBytes);
    return {
      bytes,
      release: (reuse) => {
        if (reuse && this.#users > 0) this.#spare.push(bytes);
        give();
      },
    };
  }
}

interface UploadTarget {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

type Taken = Awaited<ReturnType<PartBuffers['take']>>;

/** One upload. Ended by `end` or, after a failure, by `stop`. */
export class PartWriter {
  readonly #connection: S3Connection;
  readonly #buffers: PartBuffers;
  readonly #target: UploadTarget;
  readonly #options: CallOptions | undefined;
  readonly #sending = new Set<Promise<void>>();
  readonly #parts: CompletedPart[] = [];
  #current: Taken | undefined;
  #filled = 0;
  #started = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    connection: S3Connection,
    buffers: PartBuffers,
    target: UploadTarget,
    options: CallOptions | undefined,
  ) {
    this.#connection = connection;
    this.#buffers = buffers;
    this.#target = target;
    this.#options = options;
    buffers.join();
  }

  /** Waits while all memory of parts is in use. Rejects when a part before could not be sent. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      this.#check();
      this.#current ??= await this.#buffers.take(this.#options);
      const { bytes } = this.#current;
      const piece = chunk.subarray(at, at + bytes.length - this.#filled);
      bytes.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === bytes.length) this.#send();
    }
  }

  /** Resolves when every part was taken. */
  async end(): Promise<CompletedPart[]> {
    if (this.#filled > 0) this.#send();
    await Promise.all(this.#sending);
    this.#check();
    this.#buffers.leave();
    return this.#parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
  }

  /** Waits for parts on their way, which the caller's signal or their time limit ends. */
  async stop(): Promise<void> {
    this.#current?.release(false);
    this.#current = undefined;
    await Promise.all(this.#sending);
    this.#buffers.leave();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #send(): void {
    const taken = this.#current;
    if (!taken) return;
    this.#started += 1;
    const body = taken.bytes.subarray(0, this.#filled);
    this.#current = undefined;
    this.#filled = 0;
    const sent = this.#sendPart(this.#started, body).then(
      () => taken.release(true),
      (error: unknown) => {
        this.#failure ??= { error };
        // The socket may still read from it.
        taken.release(false);
      },
    );
    this.#sending.add(sent);
    void sent.finally(() => this.#sending.delete(sent));
  }

  async #sendPart(number: number, body: Uint8Array): Promise<void> {
    const { ETag, ChecksumCRC32 } = await this.#connection.client.send(
      new UploadPartCommand({
        ...this.#target,
        PartNumber: number,
        Body: body,
        ContentLength: body.length,
        ...(this.#connection.settings.checksums === 'supported' ? { ChecksumAlgorithm: 'CRC32' } : {}),
      }),
      this.#options?.signal ? { abortSignal: this.#options.signal } : {},
    );
    this.#parts.push({ PartNumber: number, ETag, ...(ChecksumCRC32 ? { ChecksumCRC32 } : {}) });
  }
}
