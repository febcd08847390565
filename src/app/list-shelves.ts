/** Where versions of the signature lists lie: a folder of the data folder, or the blobs of a store. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { errnoOf } from '../lib/errno.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { VersionShelf } from '../signature/list-versions.ts';
import type { CrashStorage } from '../storage/contract.ts';
import { codeOf } from '../storage/errors.ts';

export function folderShelf(folder: string): VersionShelf {
  const orMissing = async <T>(work: Promise<T>, missing: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return missing;
      throw error;
    }
  };
  return {
    async put(key, bytes, options) {
      await makeFolders(folder);
      const draft = join(folder, `.${randomUUID()}`);
      try {
        await writeFile(draft, bytes, { signal: options?.signal, flush: true });
        await rename(draft, join(folder, key));
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    find: (key, options) => orMissing(readFile(join(folder, key), { signal: options?.signal }), undefined),
    keys: async () => (await orMissing(readdir(folder), [])).sort(),
    remove: (key) => rm(join(folder, key), { force: true }),
  };
}

const PREFIX = 'siglists/';

export function blobShelf(store: CrashStorage<'blobs'>): VersionShelf {
  return {
    put: (key, bytes, options) =>
      store.putBlob(
        PREFIX + key,
        { name: key, size: bytes.byteLength, open: async () => Readable.from([bytes]) },
        options,
      ),
    async find(key, options) {
      try {
        const blob = await store.getBlob(PREFIX + key, options);
        return Buffer.concat(await (await blob.open(options)).toArray(options));
      } catch (error) {
        if (codeOf(error) === 'not_found') return undefined;
        throw error;
      }
    },
    async keys(options) {
      const keys: string[] = [];
      for await (const key of store.listBlobs(PREFIX, options)) keys.push(key.slice(PREFIX.length));
      return keys;
    },
    async remove(key, options) {
      await store.removeBlob(PREFIX + key, options);
    },
  };
}
