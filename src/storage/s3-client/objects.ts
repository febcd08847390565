/** The objects of one bucket: read, written, listed and removed by key. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { throwIfAborted } from '../../lib/abort.ts';
import { readAll } from '../../lib/streams.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { checkedStream } from './checked-stream.ts';
import type { S3Connection } from './connection.ts';
import { isNoSuchKey } from './errors.ts';
import type { S3Settings } from './settings.ts';

export interface ObjectInfo {
  readonly size: number;
  /** Of the bytes, hex; absent where others wrote the object. */
  readonly sha256?: string | undefined;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** With a delimiter: what keys below begin with, the delimiter included. */
  readonly prefixes: readonly string[];
}

export interface OpenedObject extends ObjectInfo {
  readonly stream: Readable;
}

export interface OpenOptions extends CallOptions {
  /** What the bytes must have where the object itself does not say. */
  readonly sha256?: string | undefined;
  /** Gives what breaks the stream its code. */
  readonly wrap?: (error: unknown) => StorageError;
}

export interface PutOptions extends CallOptions {
  /** Hex, when it is known already. */
  readonly sha256?: string | undefined;
  readonly contentType?: string;
}

/** Of S3: one request removes 1,000. */
const MOST_REMOVED = 1000;
/** A JSON document that is larger is none of ours. */
const MOST_BYTES = 512 * 1024 ** 2;

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const isSha256 = (text: string | undefined): text is string => /^[0-9a-f]{64}$/.test(text ?? '');
const abortOf = (options: CallOptions | undefined) =>
  options?.signal ? { abortSignal: options.signal } : {};

/** What each new object is given besides its bytes. */
export function newObject(s: S3Settings, sha256: string) {
  return {
    Metadata: { sha256 },
    ...(s.encryption === 'none' ? {} : { ServerSideEncryption: s.encryption }),
    ...(s.kms_key === '' ? {} : { SSEKMSKeyId: s.kms_key }),
    ...(s.storage_class === '' ? {} : { StorageClass: s.storage_class as 'STANDARD' }),
  };
}

/** The signature covers the SHA-256 of the body. Told what it is, the SDK does not work it out a second time. */
function sayPayloadHash(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'auxilioPayloadHash', priority: 'low' },
  );
}

/** Every method rejects with what the client throws; `S3Connection.error` gives it a code. */
export class S3Objects {
  readonly #store: string;
  readonly #connection: S3Connection;
  readonly #bucket: { readonly Bucket: string };

  constructor(store: string, connection: S3Connection, bucket = connection.settings.bucket) {
    this.#store = store;
    this.#connection = connection;
    this.#bucket = { Bucket: bucket };
  }

  /** Undefined when there is no such object, and for servers that say no more of a HEAD when there is no bucket. */
  async head(key: string, options?: CallOptions): Promise<ObjectInfo | undefined> {
    try {
      const { ContentLength, Metadata } = await this.#connection.client.send(
        new HeadObjectCommand({ ...this.#bucket, Key: key }),
        abortOf(options),
      );
      return infoOf(ContentLength, Metadata);
    } catch (error) {
      if (isNoSuchKey(error)) return undefined;
      throw error;
    }
  }

  /** A stream of the object, checked to its end; undefined when there is no such object. */
  async open(key: string, options: OpenOptions = {}): Promise<OpenedObject | undefined> {
    const { signal, wrap = (error: unknown) => this.#connection.error(error) } = options;
    try {
      const { Body, ContentLength, Metadata } = await this.#connection.client.send(
        new GetObjectCommand({ ...this.#bucket, Key: key }),
        abortOf(options),
      );
      const info = infoOf(ContentLength, Metadata);
      const expected = { size: ContentLength, sha256: info.sha256 ?? options.sha256 };
      return { ...info, stream: checkedStream(this.#store, Body as Readable, expected, wrap, signal) };
    } catch (error) {
      if (isNoSuchKey(error)) return undefined;
      throw error;
    }
  }

  /** The whole of a small object; undefined when there is no such object. */
  async read(key: string, options?: CallOptions): Promise<Buffer | undefined> {
    const found = await this.open(key, options);
    return found && readAll(found.stream, MOST_BYTES);
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    const { settings, client } = this.#connection;
    const sha256 = options.sha256 ?? sha256Of(bytes);
    const command = new PutObjectCommand({
      ...this.#bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      ...(options.contentType ? { ContentType: options.contentType } : {}),
      // The server holds the bytes against it, so that a second checksum would say nothing more.
      ...(settings.checksums === 'supported' ? { ChecksumSHA256: toBase64(sha256) } : {}),
      ...newObject(settings, sha256),
    });
    sayPayloadHash(command, sha256);
    await client.send(command, abortOf(options));
  }

  /** S3 says the same whether or not it was there. */
  async remove(key: string, options?: CallOptions): Promise<void> {
    await this.#connection.client.send(
      new DeleteObjectCommand({ ...this.#bucket, Key: key }),
      abortOf(options),
    );
  }

  /** Rejects when one of them could not be removed. */
  async removeMany(keys: readonly string[], options?: CallOptions): Promise<void> {
    for (let from = 0; from < keys.length; from += MOST_REMOVED) {
      const Objects = keys.slice(from, from + MOST_REMOVED).map((Key) => ({ Key }));
      const { Errors } = await this.#connection.client.send(
        new DeleteObjectsCommand({ ...this.#bucket, Delete: { Objects, Quiet: true } }),
        abortOf(options),
      );
      const failed = Errors?.[0];
      if (failed)
        throw Object.assign(new Error(failed.Message ?? 'not removed'), { name: failed.Code ?? 'Error' });
    }
  }

  /** Page by page, by the bytes of the keys. */
  async *pages(
    prefix: string,
    options: CallOptions & { readonly delimiter?: string; readonly pageSize?: number } = {},
  ): AsyncGenerator<ListedPage> {
    const { delimiter, pageSize } = options;
    for (let token: string | undefined; ; ) {
      throwIfAborted(options.signal);
      const page = await this.#connection.client.send(
        new ListObjectsV2Command({
          ...this.#bucket,
          Prefix: prefix,
          ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
          ...(pageSize === undefined ? {} : { MaxKeys: pageSize }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        abortOf(options),
      );
      yield {
        objects: (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
          key: Key,
          size: Size,
          modified: LastModified,
        })),
        prefixes: (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []),
      };
      token = page.NextContinuationToken;
      if (!page.IsTruncated) return;
      if (token === undefined)
        throw new StorageError('internal', this.#store, 'the server cut a listing short and does not go on');
    }
  }

  async *list(prefix: string, options?: CallOptions): AsyncGenerator<ListedObject> {
    for await (const { objects } of this.pages(prefix, options)) yield* objects;
  }

  /** What keys that begin with `prefix` go on with, up to the next `/`; each with `prefix` and `/`. */
  async *folders(prefix: string, options?: CallOptions): AsyncGenerator<string> {
    for await (const { prefixes } of this.pages(prefix, { ...options, delimiter: '/' })) yield* prefixes;
  }

  /** Rejects unless the bucket is there and its keys may be listed. */
  async check(prefix: string, options?: CallOptions): Promise<void> {
    for await (const _page of this.pages(prefix, { ...options, pageSize: 1 })) return;
  }
}

function infoOf(length: number | undefined, metadata: Record<string, string> | undefined): ObjectInfo {
  const sha256 = metadata?.['sha256'];
  return { size: length ?? 0, ...(isSha256(sha256) ? { sha256 } : {}) };
}
