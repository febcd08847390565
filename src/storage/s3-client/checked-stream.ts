/** Bytes of an object on their way out, counted and checked against its SHA-256. */
import { createHash } from 'node:crypto';
import { addAbortSignal, pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { StorageError } from '../errors.ts';

export interface Expected {
  /** Absent where the server does not say how long its answer is. */
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
}

class CheckedStream extends Transform {
  readonly #store: string;
  readonly #expected: Expected;
  readonly #wrap: (error: unknown) => StorageError;
  readonly #hash = createHash('sha256');
  #size = 0;

  constructor(store: string, expected: Expected, wrap: (error: unknown) => StorageError) {
    super();
    this.#store = store;
    this.#expected = expected;
    this.#wrap = wrap;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#size += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const { size, sha256 } = this.#expected;
    const found =
      size === undefined || this.#size === size ? undefined : `${this.#size} bytes instead of ${size}`;
    const other = sha256 !== undefined && this.#hash.digest('hex') !== sha256;
    const why = found ?? (other ? 'other bytes than its SHA-256 says' : undefined);
    done(why === undefined ? null : new StorageError('corrupt', this.#store, `an object has ${why}`));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    super._destroy(error, () => done(error && this.#wrap(error)));
  }
}

/**
 * The same bytes; ends with `corrupt` when they are not what they should be. Destroying it, or aborting, closes
 * `source`; `wrap` gives the errors of the source their code.
 */
export function checkedStream(
  store: string,
  source: Readable,
  expected: Expected,
  wrap: (error: unknown) => StorageError,
  signal?: AbortSignal,
): Readable {
  const checked = new CheckedStream(store, expected, wrap);
  // The error is the reader's, who has the other end of it.
  pipeline(source, checked, () => undefined);
  return signal ? addAbortSignal(signal, checked) : checked;
}
