/**
 * Dumps on their way into a bucket. Each is *staged* first, then *committed*: small ones are gathered in memory, large
 * ones sent in parts that nobody sees before the upload is completed. So a source that breaks leaves everything in the
 * bucket as it was, and memory stays within a budget over all calls.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
} from '@aws-sdk/client-s3';
import { throwIfAborted } from '../../lib/abort.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { Log } from '../../lib/log.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { copyDump } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import { ByteBudget } from './byte-budget.ts';
import type { S3Connection } from './connection.ts';
import { newObject, type S3Objects } from './objects.ts';
import { PartBuffers, PartWriter } from './part-writer.ts';

export interface Upload {
  readonly key: string;
  readonly dump: Dump;
}

/** An object whose bytes are whole and checked, and not to be seen yet. One of the two methods ends it. */
export interface Staged {
  readonly key: string;
  readonly dump: Dump;
  readonly sha256: string;
  /** Makes the object readable, in one step. */
  commit(options?: CallOptions): Promise<void>;
  /** Lets go of the bytes, also after `commit`. What cannot be removed is logged and left to `sweep`. */
  discard(): Promise<void>;
}

/** Sources that are read at once, for one report. */
const SOURCES = 4;
/** Of S3. */
const MOST_PARTS = 10_000;
/** Cleaning up must not hang on the server that broke. */
const DISCARD_MS = 5_000;

export class Uploads {
  readonly #store: string;
  readonly #connection: S3Connection;
  readonly #objects: S3Objects;
  readonly #log: Log;
  readonly #small: ByteBudget;
  readonly #parts: PartBuffers;

  constructor(store: string, connection: S3Connection, objects: S3Objects, log: Log) {
    const { buffers, part_size } = connection.settings;
    this.#store = store;
    this.#connection = connection;
    this.#objects = objects;
    this.#log = log;
    this.#small = new ByteBudget(Math.floor(buffers / 4));
    this.#parts = new PartBuffers(buffers - Math.floor(buffers / 4), part_size);
  }

  /** All of them, or none: after a failure nothing is left staged. */
  async stage(uploads: readonly Upload[], options?: CallOptions): Promise<readonly Staged[]> {
    const [small, large] = this.#split(uploads);
    // Taken at once: two calls that each waited for the rest of theirs would wait for ever.
    const bytes = small.reduce((sum, { dump }) => sum + dump.size, 0);
    const release = await this.#small.take(bytes, options);
    const staged: Staged[] = [];
    let held = small.length;
    const done = (): void => {
      held -= 1;
      if (held <= 0) release();
    };
    if (held === 0) release();
    try {
      await mapConcurrent([...small, ...large], SOURCES, async (upload, index) => {
        staged.push(
          index < small.length
            ? await this.#gather(upload, done, options)
            : await this.#sendParts(upload, options),
        );
      });
      return staged;
    } catch (error) {
      await Promise.all(staged.map((one) => one.discard()));
      release();
      throw error;
    }
  }

  /** Small are those that fit into memory together. */
  #split(uploads: readonly Upload[]): readonly [readonly Upload[], readonly Upload[]] {
    const { part_size } = this.#connection.settings;
    const small: Upload[] = [];
    const large: Upload[] = [];
    let left = this.#small.limit;
    for (const upload of uploads) {
      const { size } = upload.dump;
      if (size > part_size || size > left) large.push(upload);
      else {
        small.push(upload);
        left -= size;
      }
    }
    return [small, large];
  }

  async #gather({ key, dump }: Upload, done: () => void, options?: CallOptions): Promise<Staged> {
    let bytes: Buffer | undefined = Buffer.allocUnsafeSlow(dump.size);
    let at = 0;
    const fill = (chunk: Uint8Array): void => {
      bytes?.set(chunk, at);
      at += chunk.length;
    };
    const { sha256 } = await copyDump(this.#store, dump, fill, options);
    const discard = async (): Promise<void> => {
      if (bytes === undefined) return;
      bytes = undefined;
      done();
    };
    const commit = async (o?: CallOptions): Promise<void> => {
      if (bytes) await this.#objects.put(key, bytes, { ...o, sha256 });
      await discard();
    };
    return { key, dump, sha256, commit, discard };
  }

  async #sendParts({ key, dump }: Upload, options?: CallOptions): Promise<Staged> {
    const { settings, client } = this.#connection;
    if (dump.size > settings.part_size * MOST_PARTS)
      throw new StorageError(
        'invalid',
        this.#store,
        `a dump of ${dump.size} bytes has too many parts; raise part_size`,
      );
    // The metadata come before the bytes: a source that does not know its hash is read twice.
    const sha256 = dump.sha256 ?? (await copyDump(this.#store, dump, () => undefined, options)).sha256;
    throwIfAborted(options?.signal);
    const target = { Bucket: settings.bucket, Key: key };
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        ...target,
        ...(settings.checksums === 'supported' ? { ChecksumAlgorithm: 'CRC32' } : {}),
        ...newObject(settings, sha256),
      }),
      options?.signal ? { abortSignal: options.signal } : {},
    );
    let open = true;
    const discard = async (): Promise<void> => {
      if (!open) return;
      open = false;
      const abortSignal = AbortSignal.timeout(DISCARD_MS);
      try {
        await client.send(new AbortMultipartUploadCommand({ ...target, UploadId }), { abortSignal });
      } catch (err) {
        this.#log.warn(
          { err, store: this.#store, key },
          'an unfinished upload stays in the bucket until a sweep',
        );
      }
    };
    const writer = new PartWriter(this.#connection, this.#parts, { ...target, UploadId }, options);
    try {
      await copyDump(this.#store, { ...dump, sha256 }, (chunk) => writer.write(chunk), options);
      const Parts = await writer.end();
      const commit = async (o?: CallOptions): Promise<void> => {
        await client.send(
          new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
          o?.signal ? { abortSignal: o.signal } : {},
        );
        open = false;
      };
      return { key, dump, sha256, commit, discard };
    } catch (error) {
      await writer.stop();
      await discard();
      throw error;
    }
  }
}
