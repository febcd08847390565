/** Blobs as files under `root/blobs`; a key's segments are folders, so that a listing by prefix reads only its part. */
import { rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import { blobNames, decodeBlobName } from '../blob-names.ts';
import { StorageError } from '../errors.ts';
import { isOccupied, moveIntoTree, namesIn } from './crash-folders.ts';
import { isMissing } from './fs-errors.ts';
import { checkPresent, type FsParts, fileDump, orNotFound } from './fs-parts.ts';

/** ASCII alone: a file system may keep other letters in another form. */
const PLAIN = /^[A-Za-z0-9._-]$/;

interface Entry {
  /** What the keys below begin with; for a blob, its key. */
  readonly key: string;
  readonly path: string;
  readonly kind: 'blob' | 'folder' | 'continued';
}

export class BlobTree {
  readonly #parts: FsParts;
  readonly #root: string;

  constructor(parts: FsParts) {
    this.#parts = parts;
    this.#root = join(parts.root, 'blobs');
  }

  async put(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    const { disk, staging, folders } = this.#parts;
    const target = this.#path(key);
    await staging.withFolder(async (stage) => {
      const draft = join(stage, 'blob');
      await staging.placeDump(bytes, draft, options);
      throwIfAborted(options?.signal);
      await moveIntoTree(disk, folders, draft, target);
      await disk.syncFolder(dirname(target));
    });
  }

  async get(key: string): Promise<Dump> {
    const path = this.#path(key);
    const { size } = await orNotFound(this.#parts, 'no such blob', () => stat(path));
    return fileDump(this.#parts.name, { name: key, size }, path);
  }

  async has(key: string): Promise<boolean> {
    try {
      await stat(this.#path(key));
      return true;
    } catch (error) {
      if (isMissing(error)) return this.#nothing();
      throw error;
    }
  }

  async remove(key: string): Promise<boolean> {
    const { disk, folders } = this.#parts;
    const path = this.#path(key);
    try {
      await unlink(path);
    } catch (error) {
      if (isMissing(error)) return this.#nothing();
      throw error;
    }
    await disk.syncFolder(dirname(path));
    for (let at = dirname(path); at !== this.#root; at = dirname(at)) {
      try {
        await rmdir(at);
      } catch (error) {
        if (isOccupied(error) || isMissing(error)) break;
        throw error;
      }
      folders.forget(at);
    }
    return true;
  }

  async *list(prefix: string): AsyncGenerator<string> {
    await checkPresent(this.#parts);
    yield* this.#walk({ key: '', path: this.#root, kind: 'folder' }, prefix);
  }

  async #nothing(): Promise<false> {
    await checkPresent(this.#parts);
    return false;
  }

  async *#walk(folder: Entry, prefix: string): AsyncGenerator<string> {
    const entries = await entriesOf(folder, prefix);
    // The keys of a name that was too long for one folder may lie on both sides of a sibling's.
    if (entries.some((e) => e.kind === 'continued')) {
      const keys: string[] = [];
      for (const entry of entries) for await (const key of this.#below(entry, prefix)) keys.push(key);
      yield* keys.sort();
      return;
    }
    for (const entry of entries) yield* this.#below(entry, prefix);
  }

  async *#below(entry: Entry, prefix: string): AsyncGenerator<string> {
    if (entry.kind !== 'blob') yield* this.#walk(entry, prefix);
    else if (entry.key.startsWith(prefix)) yield entry.key;
  }

  #path(key: string): string {
    if (!key.isWellFormed())
      throw new StorageError('invalid', this.#parts.name, 'the key of a blob is no Unicode text');
    return join(this.#root, ...blobNames(key, PLAIN));
  }
}

async function entriesOf(folder: Entry, prefix: string): Promise<Entry[]> {
  const entries = (await namesIn(folder.path)).map((name): Entry => {
    const { text, kind } = decodeBlobName(name);
    return { key: folder.key + text, path: join(folder.path, name), kind };
  });
  const near = entries.filter(({ key }) => key.startsWith(prefix) || prefix.startsWith(key));
  return near.sort((a, b) => (a.key < b.key ? -1 : 1));
}
