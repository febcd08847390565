/** Makes a folder and a part of a bucket the same, in either direction. */
import { createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { mapConcurrent } from '../lib/concurrency.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { openFile } from '../lib/streams.ts';
import type { S3Objects } from '../storage/s3-client/objects.ts';
import type { Uploads } from '../storage/s3-client/uploads.ts';

/** A file of the folder or an object of the bucket, by its name below both: `a/b.sym`. */
interface Item {
  readonly size: number;
  readonly modified: Date;
}

type Items = ReadonlyMap<string, Item>;

export interface SyncOptions {
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** What the source does not have is removed from the target. */
  readonly remove: boolean;
  /** Names that are not removed whatever `remove` says; `refuse` is told of them. */
  isHeld?(name: string): boolean;
  /** Called before each step, with what it is. */
  say(verb: 'upload' | 'download' | 'remove', name: string): void;
  /** Called for a name that cannot be had in the target. */
  refuse(name: string, why: string): void;
}

export interface Synced {
  readonly copied: number;
  readonly bytes: number;
  readonly removed: number;
  readonly unchanged: number;
}

const AT_ONCE = 8;

export interface Bucket {
  readonly objects: S3Objects;
  readonly uploads: Uploads;
  /** What the names are appended to. */
  readonly prefix: string;
}

/** Files below a folder, links followed no further than to files. */
async function filesIn(folder: string): Promise<Items> {
  const items = new Map<string, Item>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const info = await stat(path);
    if (!info.isFile()) continue;
    items.set(relative(folder, path).split(sep).join('/'), { size: info.size, modified: info.mtime });
  }
  return items;
}

async function objectsIn({ objects, prefix }: Bucket, signal: AbortSignal): Promise<Items> {
  const items = new Map<string, Item>();
  for await (const { key, size, modified } of objects.list(prefix, { signal }))
    items.set(key.slice(prefix.length), { size, modified });
  return items;
}

/** As other such programs: what has another size or is newer is copied. */
const differs = (from: Item, to: Item | undefined): boolean =>
  to === undefined || from.size !== to.size || from.modified > to.modified;

interface Direction {
  readonly verb: 'upload' | 'download';
  copy(name: string, item: Item): Promise<void>;
  remove(name: string): Promise<void>;
}

async function run(from: Items, to: Items, direction: Direction, options: SyncOptions): Promise<Synced> {
  const { dryRun, say, signal } = options;
  const changed = [...from].filter(([name, item]) => differs(item, to.get(name)));
  await mapConcurrent(changed, AT_ONCE, async ([name, item]) => {
    signal.throwIfAborted();
    say(direction.verb, name);
    if (!dryRun) await direction.copy(name, item);
  });
  const gone = options.remove ? [...to.keys()].filter((name) => !from.has(name)) : [];
  const isKept = (name: string): boolean => options.isHeld?.(name) ?? false;
  for (const name of gone.filter(isKept)) options.refuse(name, 'is under legal hold');
  const removable = gone.filter((name) => !isKept(name));
  await mapConcurrent(removable, AT_ONCE, async (name) => {
    signal.throwIfAborted();
    say('remove', name);
    if (!dryRun) await direction.remove(name);
  });
  return {
    copied: changed.length,
    bytes: changed.reduce((sum, [, { size }]) => sum + size, 0),
    removed: removable.length,
    unchanged: from.size - changed.length,
  };
}

export async function syncUp(folder: string, bucket: Bucket, options: SyncOptions): Promise<Synced> {
  const { objects, uploads, prefix } = bucket;
  const { signal } = options;
  const [files, there] = [await filesIn(folder), await objectsIn(bucket, signal)];
  return run(
    files,
    there,
    {
      verb: 'upload',
      async copy(name, { size }) {
        const path = join(folder, name);
        const dump = {
          name,
          size,
          open: (o?: { readonly signal?: AbortSignal | undefined }) => openFile(path, o?.signal),
        };
        for (const staged of await uploads.stage([{ key: prefix + name, dump }], { signal })) {
          try {
            await staged.commit({ signal });
          } finally {
            await staged.discard();
          }
        }
      },
      remove: (name) => objects.remove(prefix + name, { signal }),
    },
    options,
  );
}

/** A key is anybody's text: one that would leave the folder is no file of it. */
const isInside = (name: string): boolean =>
  name !== '' &&
  !name.includes('\0') &&
  !(sep === '\\' && name.includes('\\')) &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

export async function syncDown(bucket: Bucket, folder: string, options: SyncOptions): Promise<Synced> {
  const { objects, prefix } = bucket;
  const { signal } = options;
  await makeFolders(folder);
  const [all, files] = [await objectsIn(bucket, signal), await filesIn(folder)];
  const there = new Map([...all].filter(([name]) => isInside(name)));
  for (const name of all.keys())
    if (!there.has(name)) options.refuse(name, 'is no name for a file of the folder');
  return run(
    there,
    files,
    {
      verb: 'download',
      async copy(name, { modified }) {
        const path = join(folder, name);
        const draft = `${path}.auxilio-part`;
        await makeFolders(dirname(path));
        const found = await objects.open(prefix + name, { signal });
        if (!found) return options.refuse(name, 'is gone meanwhile');
        try {
          await pipeline(found.stream, createWriteStream(draft));
          await utimes(draft, modified, modified);
          await rename(draft, path);
        } catch (error) {
          await rm(draft, { force: true });
          throw error;
        }
      },
      remove: (name) => rm(join(folder, name)),
    },
    options,
  );
}
