/** What operators do to a bucket of crashes: make it, sweep what broken writes left, empty it. */
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { OpenContext } from '../definition.ts';
import {
  emptyPrefixes,
  giveUp,
  initBucket,
  removeAll,
  unfinishedUploads,
} from '../s3-client/bucket-upkeep.ts';
import { withConnection } from '../s3-client/connection.ts';
import { checkPrefix } from '../s3-client/key-root.ts';
import type { Swept, Upkeep, UpkeepOptions } from '../upkeep.ts';
import { blobFolder } from './blobs.ts';
import { PROCESSED, RAW, REPORT } from './keys.ts';
import { idsBelow } from './listing.ts';
import type { S3Parts } from './s3-parts.ts';
import { partsOf } from './s3-storage.ts';
import type { S3StorageSettings } from './settings.ts';

type Methods = Required<Upkeep<S3StorageSettings>>;

async function withParts<T>(
  settings: S3StorageSettings,
  { name, log }: OpenContext,
  { label }: UpkeepOptions,
  work: (parts: S3Parts) => Promise<T>,
): Promise<T> {
  checkPrefix(name, settings);
  return withConnection(settings, { store: name, label }, async (connection) => {
    const { parts, gate } = partsOf(name, settings, connection, log);
    return gate.run(undefined, () => work(parts));
  });
}

export const init: Methods['init'] = (settings, context, how) =>
  withParts(settings, context, how, ({ name, connection }) => initBucket(name, connection, how));

export const sweep: Methods['sweep'] = (settings, context, how) =>
  withParts(settings, context, how, async (parts) => {
    const before = new Date(Date.now() - how.olderThanMs);
    const uploads = await sweepUploads(parts, before, how);
    const dumps = await sweepDumps(parts, before, how);
    return {
      found: uploads.found + dumps.found,
      bytes: uploads.bytes + dumps.bytes,
      removed: uploads.removed + dumps.removed,
    };
  });

export const wipe: Methods['wipe'] = (settings, context, how) =>
  withParts(settings, context, how, async (parts) => {
    const prefixes = await ownPrefixes(parts, how);
    const removed = await emptyPrefixes(parts.connection, parts.objects, prefixes, how);
    return removed === 0 ? [] : [`removed ${removed} objects from bucket ${settings.bucket}`];
  });

type Sweep = CallOptions & { readonly dryRun: boolean };

/** S3 tells the bytes of an upload only part by part. */
async function sweepUploads(parts: S3Parts, before: Date, how: Sweep): Promise<Swept> {
  const { connection, keys } = parts;
  let found = 0;
  for await (const upload of unfinishedUploads(connection, [...keys.crashes, blobFolder(parts)], how)) {
    if (upload.since >= before) continue;
    found += 1;
    if (!how.dryRun) await giveUp(connection, upload, how);
  }
  return { found, bytes: 0, removed: how.dryRun ? 0 : found };
}

/** Dumps and lists of names whose raw crash was never written, or is gone. */
async function sweepDumps(parts: S3Parts, before: Date, how: Sweep): Promise<Swept> {
  let found = 0;
  let bytes = 0;
  async function* orphans(): AsyncGenerator<string> {
    for await (const { key, size } of orphansOf(parts, before, how)) {
      found += 1;
      bytes += size;
      if (!how.dryRun) yield key;
    }
  }
  const removed = await removeAll(parts.objects, orphans(), how);
  return { found, bytes, removed };
}

/** What belongs to reports and is older than `before`, without a raw crash. */
export async function* orphansOf(
  parts: S3Parts,
  before: Date,
  options?: CallOptions,
): AsyncGenerator<{ readonly key: string; readonly size: number }> {
  for await (const folder of dumpFolders(parts, options)) {
    const raws = new RawIds(parts, options);
    for await (const { key, size, modified } of parts.objects.list(folder, options)) {
      const id = parts.keys.idOf(key);
      if (id === undefined || modified >= before) continue;
      if (!(await raws.has(id))) yield { key, size };
    }
  }
}

/** Folders of things that are part of a report. */
async function* dumpFolders({ objects, keys }: S3Parts, options?: CallOptions): AsyncGenerator<string> {
  const others = [RAW, PROCESSED, REPORT].map((thing) => keys.folder(thing));
  for await (const folder of objects.folders(`${keys.root}v1/`, options))
    if (!others.includes(folder)) yield folder;
}

/** Whether raw crashes are there, asked in the order of a listing: one listing for all that begin alike. */
class RawIds {
  readonly #parts: S3Parts;
  readonly #options: CallOptions | undefined;
  #group = '';
  #ids: ReadonlySet<CrashId> = new Set();

  constructor(parts: S3Parts, options: CallOptions | undefined) {
    this.#parts = parts;
    this.#options = options;
  }

  async has(id: CrashId): Promise<boolean> {
    const prefixes = this.#parts.keys.group(id);
    const group = prefixes.join();
    if (group !== this.#group) {
      const ids = new Set<CrashId>();
      for (const prefix of prefixes)
        for await (const one of idsBelow(this.#parts, prefix, this.#options)) ids.add(one);
      this.#group = group;
      this.#ids = ids;
    }
    return this.#ids.has(id);
  }
}

/** Everything of this store's; the documents of a telemetry store in the same bucket are not. */
async function ownPrefixes(parts: S3Parts, options?: CallOptions): Promise<readonly string[]> {
  const { keys, objects } = parts;
  const prefixes = [blobFolder(parts)];
  for (const root of keys.crashes)
    for await (const folder of objects.folders(root, options))
      if (folder !== keys.folder(REPORT)) prefixes.push(folder);
  return prefixes;
}
