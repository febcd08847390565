/**
 * Every version of the lists that made a stored signature, by digest: what lets an explanation show the very line
 * years later. Written when a version is first used; a few kilobytes each.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Clock } from '../lib/clock.ts';
import { digestOf, LIST_NAMES, type ListTexts, type SignatureLists } from './lists.ts';
import { isRecord } from './python-values.ts';

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** Where versions lie: a folder, or the blobs of a store. */
export interface VersionShelf {
  /** Replaces; all or nothing readable. */
  put(key: string, bytes: Uint8Array, options?: Options): Promise<void>;
  /** Undefined when it is not there. */
  find(key: string, options?: Options): Promise<Uint8Array | undefined>;
  /** Of all versions, sorted. */
  keys(options?: Options): Promise<readonly string[]>;
  remove(key: string, options?: Options): Promise<void>;
}

/** Some 20 MB of the lists that come with the package; a version a day for five years. */
export const MOST_VERSIONS = 2_000;
const MOST_CACHED = 16;
/** A version that says it is larger is not unpacked. */
const LARGEST_BYTES = 32 * 1024 * 1024;
const KEY = /^(\d{8}T\d{6}Z)-([0-9a-f]{64})\.json\.gz$/;

const pack = promisify<Uint8Array, Uint8Array>(gzip);
const unpack = (bytes: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    gunzip(bytes, { maxOutputLength: LARGEST_BYTES }, (error, text) =>
      error ? reject(error) : resolve(text),
    ),
  );

export class ListVersions {
  readonly #shelf: VersionShelf;
  readonly #clock: Clock;
  readonly #cache = new Map<string, ListTexts>();

  constructor(shelf: VersionShelf, clock: Clock) {
    this.#shelf = shelf;
    this.#clock = clock;
  }

  /**
   * Keeps this version unless it is kept already. Beyond 2,000 the one first used longest ago goes; one of those that
   * is still in use comes back with the next start.
   */
  async keep(
    { digest, texts }: Pick<SignatureLists, 'digest' | 'texts'>,
    options: Options = {},
  ): Promise<void> {
    const keys = await this.#shelf.keys(options);
    if (keys.some((key) => KEY.exec(key)?.[2] === digest)) return;
    const stamp = this.#clock
      .now()
      .toISOString()
      .replace(/[-:]|\.\d+/g, '');
    const bytes = await pack(new TextEncoder().encode(JSON.stringify({ digest, texts })));
    await this.#shelf.put(`${stamp}-${digest}.json.gz`, bytes, options);
    const versions = keys.filter((key) => KEY.test(key));
    for (const key of versions.slice(0, Math.max(0, versions.length + 1 - MOST_VERSIONS))) {
      await this.#shelf.remove(key, options);
    }
  }

  /** The texts of these lists; undefined when they are not kept, or what is kept does not have the digest. */
  async find(digest: string, options: Options = {}): Promise<ListTexts | undefined> {
    const cached = this.#cache.get(digest);
    if (cached) return cached;
    const keys = await this.#shelf.keys(options);
    const key = keys.find((one) => KEY.exec(one)?.[2] === digest);
    const bytes = key === undefined ? undefined : await this.#shelf.find(key, options);
    const texts = bytes && parseVersion(new TextDecoder().decode(await unpack(bytes)));
    if (!texts || (await digestOf(texts)) !== digest) return undefined;
    this.#cache.set(digest, texts);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > MOST_CACHED && oldest !== undefined) this.#cache.delete(oldest);
    return texts;
  }
}

function parseVersion(json: string): ListTexts | undefined {
  const version: unknown = JSON.parse(json);
  const texts = isRecord(version) ? version['texts'] : undefined;
  if (!isRecord(texts)) return undefined;
  const named = [...LIST_NAMES.values()].map((name) => [name, texts[name] ?? ''] as const);
  return named.every(([, text]) => typeof text === 'string') ? Object.fromEntries(named) : undefined;
}
