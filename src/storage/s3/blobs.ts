/** Blobs in a bucket, under `blobs/`. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { blobPrefix, decodeBlobKey, encodeBlobKey } from './blob-keys.ts';
import { objectDump, requireBucket, type S3Parts } from './s3-parts.ts';

/** Of S3. */
const MOST_KEY_BYTES = 1024;

export class Blobs {
  readonly #parts: S3Parts;
  readonly #root: string;

  constructor(parts: S3Parts) {
    this.#parts = parts;
    this.#root = blobFolder(parts);
  }

  async put(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    const [staged] = await this.#parts.uploads.stage([{ key: this.#place(key), dump: bytes }], options);
    try {
      throwIfAborted(options?.signal);
      await staged?.commit(options);
    } finally {
      await staged?.discard();
    }
  }

  async get(key: string, options?: CallOptions): Promise<Dump> {
    const place = this.#place(key);
    const info = await this.#parts.objects.head(place, options);
    if (info) return objectDump(this.#parts, { name: key, ...info }, place);
    await requireBucket(this.#parts, options);
    throw new StorageError('not_found', this.#parts.name, 'no such blob');
  }

  async has(key: string, options?: CallOptions): Promise<boolean> {
    if (await this.#parts.objects.head(this.#place(key), options)) return true;
    await requireBucket(this.#parts, options);
    return false;
  }

  async remove(key: string, options?: CallOptions): Promise<boolean> {
    if (!(await this.has(key, options))) return false;
    await this.#parts.objects.remove(this.#place(key), options);
    return true;
  }

  /** Sorted as text, which is not how S3 sorts: a folder of more than a page is listed level by level. */
  async *list(prefix: string, options?: CallOptions): AsyncGenerator<string> {
    const { folder, begins } = blobPrefix(prefix);
    for await (const key of this.#walk(this.#root + folder, begins, options))
      if (key.startsWith(prefix)) yield key;
  }

  async *#walk(folder: string, begins: string, options: CallOptions | undefined): AsyncGenerator<string> {
    const whole = await this.#onePage(folder + begins, options);
    if (whole) {
      yield* whole.sort();
      return;
    }
    const entries: { readonly key: string; readonly below?: string }[] = [];
    const pages = this.#parts.objects.pages(folder + begins, { ...options, delimiter: '/' });
    for await (const { objects, prefixes } of pages) {
      for (const { key } of objects) entries.push({ key: this.#decode(key) });
      for (const below of prefixes) entries.push({ key: this.#decode(below), below });
    }
    entries.sort((a, b) => compare(a.key, b.key));
    // The keys of a name that was cut may lie on both sides of a sibling's.
    if (entries.some(({ below }) => below?.endsWith('~/'))) {
      const keys: string[] = [];
      for (const { key, below } of entries) {
        if (below === undefined) keys.push(key);
        else for await (const deeper of this.#walk(below, '', options)) keys.push(deeper);
      }
      yield* keys.sort();
      return;
    }
    for (const { key, below } of entries) {
      if (below === undefined) yield key;
      else yield* this.#walk(below, '', options);
    }
  }

  /** All keys below, when one request tells them; else undefined. */
  async #onePage(prefix: string, options: CallOptions | undefined): Promise<string[] | undefined> {
    const keys: string[] = [];
    let pages = 0;
    for await (const { objects } of this.#parts.objects.pages(prefix, options)) {
      pages += 1;
      if (pages > 1) return undefined;
      for (const { key } of objects) keys.push(this.#decode(key));
    }
    return keys;
  }

  #decode(key: string): string {
    return decodeBlobKey(key.slice(this.#root.length));
  }

  #place(key: string): string {
    if (!key.isWellFormed())
      throw new StorageError('invalid', this.#parts.name, 'the key of a blob is no Unicode text');
    const place = this.#root + encodeBlobKey(key);
    if (Buffer.byteLength(place) > MOST_KEY_BYTES)
      throw new StorageError('invalid', this.#parts.name, 'the key of a blob is too long for S3');
    return place;
  }
}

export const blobFolder = ({ keys }: Pick<S3Parts, 'keys'>): string => `${keys.root}blobs/`;

const compare = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};
