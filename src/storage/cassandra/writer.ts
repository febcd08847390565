/**
 * How anything is saved: intent, chunks, entry and manifest; then what it replaced is removed, and the intent. Until
 * the manifest is there nothing can be read, after it everything. Who dies anywhere leaves an intent to the sweep.
 */
import { types } from 'cassandra-driver';
import { throwIfAborted } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import type { CallOptions, Dump } from '../../model/report.ts';
import type { ChunkTable } from './chunks.ts';
import { type IntentTable, Lease, slotOf, type UploadKey } from './intents.ts';
import type { Listing } from './listing.ts';
import type { Manifest, ManifestTable, StoredDump, Version } from './manifests.ts';
import { micros } from './session.ts';
import { CHUNK_BYTES, type Kind } from './tables.ts';
import { countChunks, Upload } from './upload.ts';

export interface Tables {
  readonly store: string;
  readonly log: Log;
  readonly chunks: ChunkTable;
  readonly intents: IntentTable;
  readonly manifests: ManifestTable;
}

export interface Save {
  readonly owner: string;
  readonly kind: Kind;
  readonly listing: Listing;
  /** Packed JSON. */
  readonly document?: Buffer;
  readonly dumps: readonly Dump[];
}

export class Writer {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async save(what: Save, options: CallOptions = {}): Promise<void> {
    const key = await this.#begin(what, options);
    const lease = await Lease.take(this.#tables.intents, key, options);
    const upload = new Upload(this.#tables.store, this.#tables.chunks, key);
    let manifest: Manifest | undefined;
    try {
      const versions = this.#tables.manifests.versions(what.owner, what.kind, options);
      versions.catch(() => undefined);
      const content = await this.#fill(what, upload, options);
      const [newest] = await versions;
      throwIfAborted(options.signal);
      lease.check(this.#tables.store);
      // Newer than what is there, also when the clock of whoever wrote that is ahead of ours.
      manifest = { ...key, ...content, version: Math.max(micros(), (newest?.version ?? 0) + 1) };
      // From here on not with the signal: half of it would be neither saved nor not saved.
      await Promise.all([what.listing.add(key, { at: key.written }), this.#tables.manifests.put(manifest)]);
    } catch (error) {
      await this.#undo({ ...key, chunks: upload.count }, manifest, what.listing, lease);
      throw error;
    }
    await this.#settle(what, lease);
  }

  /** False when there was nothing. Each version vanishes for readers first, guarded by an intent. */
  async remove(owner: string, listing: Listing, options: CallOptions = {}): Promise<boolean> {
    const { intents, manifests } = this.#tables;
    const versions = await manifests.versions(owner, undefined, options);
    // Oldest first: a newer one that goes before would bring the older to light.
    for (const version of versions.toReversed()) {
      throwIfAborted(options.signal);
      const touched = new Date();
      const intent = { ...version, slot: slotOf(touched), touched };
      await intents.put(intent);
      await manifests.remove(version);
      await manifests.removeParts(version, listing);
      await intents.remove(intent);
    }
    return versions.length > 0;
  }

  async #begin({ owner, kind, listing, document, dumps }: Save, options: CallOptions): Promise<UploadKey> {
    return {
      upload: types.Uuid.random(),
      owner,
      kind,
      written: micros(),
      chunks: countChunks(document && document.length > CHUNK_BYTES ? document.length : 0, dumps),
      buckets: await listing.prepare(owner, options),
    };
  }

  async #fill({ document, dumps }: Save, upload: Upload, options: CallOptions) {
    const large = document !== undefined && document.length > CHUNK_BYTES;
    if (large) await upload.addBytes(document, options);
    const stored: StoredDump[] = [];
    for (const dump of dumps) stored.push(await upload.addDump(dump, options));
    await upload.finish();
    return {
      document: large ? null : (document ?? null),
      documentBytes: document?.length ?? 0,
      dumps: stored,
    };
  }

  /** Not with the caller's signal, which may be why we are here. What fails here is the sweep's, by its intent. */
  async #undo(key: UploadKey, manifest: Version | undefined, listing: Listing, lease: Lease): Promise<void> {
    try {
      await lease.stop();
      if (manifest) await this.#tables.manifests.remove(manifest, true);
      await this.#tables.manifests.removeParts(key, listing, true);
      await lease.release(true);
    } catch (error) {
      this.#leave(key, error);
    }
  }

  /** The save has happened, whatever comes of this. */
  async #settle({ owner, kind, listing }: Save, lease: Lease): Promise<void> {
    try {
      await lease.stop();
      await this.#tables.manifests.settle(owner, kind, listing);
      await lease.release();
    } catch (error) {
      this.#leave({ owner, kind }, error);
    }
  }

  #leave({ owner, kind }: Pick<UploadKey, 'owner' | 'kind'>, error: unknown): void {
    const { log, store } = this.#tables;
    log.warn({ store, owner, kind, err: error }, 'could not clear up after a write; the sweep will');
  }
}
