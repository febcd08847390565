/**
 * Reads a request body through its content coding into a consumer, under caps on bytes, ratio and time, with
 * back-pressure and one chunk in memory. After a cap or an error the rest is read and thrown away, so that
 * the client, which may write all of its body before it reads, hears its answer.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import type { ContentCoding } from './content-coding.ts';
import { ClientGoneError, MalformedError } from './malformed.ts';
import type { Truncation } from './truncation.ts';

export interface BodyLimits {
  /** Bytes. */
  readonly maxCompressed: number;
  readonly maxUncompressed: number;
  readonly maxRatio: number;
  readonly maxDrain: number;
  readonly bodyTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface BodyResult {
  /** Bytes on the wire. */
  readonly received: number;
  readonly uncompressed: number;
  /** Set when a cap ended it early: the consumer has not seen the end. */
  readonly limit?: Truncation;
  /** What the consumer threw, or what is wrong with the coding. */
  readonly error?: unknown;
  /** False when the rest of the body was not worth reading: the connection must be closed after the answer. */
  readonly drained: boolean;
}

/** Takes a chunk; a promise holds back the next one. A throw or rejection ends the reading. */
export type BodyConsumer = (chunk: Buffer) => Promise<void> | undefined;

/** A small bomb is harmless, and small texts compress by more than any dump does. */
const RATIO_FREE_BYTES = 16 * 1024 ** 2;

/** Rejects with `ClientGoneError` when the connection closes early; everything else is in the result. */
export function readBody(
  request: IncomingMessage,
  coding: ContentCoding | undefined,
  consume: BodyConsumer,
  limits: BodyLimits,
): Promise<BodyResult> {
  return new BodyReader(request, coding, consume, limits).run();
}

class BodyReader {
  readonly #request: IncomingMessage;
  readonly #coding: ContentCoding | undefined;
  readonly #consume: BodyConsumer;
  readonly #limits: BodyLimits;
  readonly #decoder: Transform | undefined;
  readonly #done = Promise.withResolvers<BodyResult>();
  readonly #startedAt = performance.now();
  #lastByteAt = this.#startedAt;
  #timer: NodeJS.Timeout | undefined;
  #received = 0;
  #uncompressed = 0;
  #drained = 0;
  #busy = false;
  #sourceEnded = false;
  #allRead = false;
  #limit: Truncation | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    request: IncomingMessage,
    coding: ContentCoding | undefined,
    consume: BodyConsumer,
    limits: BodyLimits,
  ) {
    this.#request = request;
    this.#coding = coding;
    this.#consume = consume;
    this.#limits = limits;
    this.#decoder = coding?.open();
  }

  run(): Promise<BodyResult> {
    const request = this.#request;
    const decoder = this.#decoder;
    request
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('close', this.#onClose)
      .on('error', this.#onClose);
    decoder
      ?.on('data', (chunk: Buffer) => this.#feed(decoder, chunk))
      .on('end', () => this.#outputEnded())
      .on('error', (cause) => this.#broken(cause))
      .on('drain', () => this.#request.resume());
    this.#arm();
    return this.#done.promise.finally(() => this.#release());
  }

  get #stopped(): boolean {
    return this.#limit !== undefined || this.#failure !== undefined;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    this.#lastByteAt = performance.now();
    if (this.#stopped) {
      this.#drained += chunk.length;
      if (this.#drained > this.#limits.maxDrain) this.#finish(false);
    } else if (this.#received > this.#limits.maxCompressed) this.#stop('compressed_size');
    else if (!this.#decoder) this.#feed(this.#request, chunk);
    else if (!this.#decoder.write(chunk)) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.#sourceEnded = true;
    if (this.#stopped) this.#finish(true);
    else if (this.#decoder) this.#decoder.end();
    else this.#outputEnded();
  };

  /** A paused stream emits `end` too, when its last chunk was read together with the end: the consumer may be busy. */
  #outputEnded(): void {
    this.#allRead = true;
    if (!this.#busy && !this.#stopped) this.#finish(true);
  }

  readonly #onClose = (): void => {
    if (this.#sourceEnded) return;
    // The client heard nothing yet and left while we threw its bytes away: what was read before counts.
    if (this.#stopped) this.#finish(true);
    else this.#done.reject(new ClientGoneError('the client closed the connection'));
  };

  #feed(source: Readable, chunk: Buffer): void {
    if (this.#stopped) return;
    this.#uncompressed += chunk.length;
    const limit = this.#exceeded();
    if (limit) this.#stop(limit);
    else this.#hand(source, chunk);
  }

  #exceeded(): Truncation | undefined {
    if (this.#uncompressed > this.#limits.maxUncompressed) return 'uncompressed_size';
    if (this.#uncompressed <= RATIO_FREE_BYTES) return undefined;
    return this.#uncompressed > this.#received * this.#limits.maxRatio ? 'ratio' : undefined;
  }

  #hand(source: Readable, chunk: Buffer): void {
    let wait: Promise<void> | undefined;
    try {
      wait = this.#consume(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!wait) return;
    this.#busy = true;
    source.pause();
    wait.then(
      () => this.#consumed(source),
      (error: unknown) => {
        this.#busy = false;
        this.#fail(error);
      },
    );
  }

  #consumed(source: Readable): void {
    this.#busy = false;
    this.#lastByteAt = performance.now();
    if (this.#stopped) return;
    if (this.#allRead) this.#finish(true);
    else source.resume();
  }

  #broken(cause: unknown): void {
    if (!this.#coding || this.#stopped) return;
    this.#fail(new MalformedError(this.#coding.malformed, { cause }));
  }

  #stop(limit: Truncation): void {
    if (this.#stopped) return;
    this.#limit = limit;
    this.#drain();
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#failure = { error };
    this.#drain();
  }

  #drain(): void {
    this.#decoder?.destroy();
    const declared = Number(this.#request.headers['content-length'] ?? 0);
    if (this.#sourceEnded) this.#finish(true);
    else if (declared - this.#received > this.#limits.maxDrain) this.#finish(false);
    else this.#request.resume();
  }

  /** One timer for both limits; it looks at the clock instead of being reset by every chunk. */
  #arm(): void {
    const now = performance.now();
    const left = this.#limits.bodyTimeoutMs - (now - this.#startedAt);
    const idleLeft = this.#limits.idleTimeoutMs - (this.#busy ? 0 : now - this.#lastByteAt);
    if (left <= 0) this.#outOfTime('body_time');
    else if (idleLeft <= 0) this.#outOfTime('idle_time');
    else this.#timer = setTimeout(() => this.#arm(), Math.max(1, Math.ceil(Math.min(left, idleLeft))));
  }

  #outOfTime(limit: Truncation): void {
    if (!this.#stopped) this.#limit = limit;
    this.#finish(false);
  }

  #finish(drained: boolean): void {
    this.#done.resolve({
      received: this.#received,
      uncompressed: this.#uncompressed,
      drained,
      ...(this.#limit === undefined ? {} : { limit: this.#limit }),
      ...(this.#failure === undefined ? {} : { error: this.#failure.error }),
    });
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#decoder?.destroy();
    this.#request.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    // The 'error' listener stays: a connection may break while the answer is written.
  }
}
