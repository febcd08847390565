/** Crashes and blobs in a bucket, where Socorro looks for them. */

import { KeyedLock } from '../../lib/keyed-lock.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { checkDay } from '../days.ts';
import { StorageError } from '../errors.ts';
import { openConnection, type S3Connection } from '../s3-client/connection.ts';
import { keyRoot } from '../s3-client/key-root.ts';
import { S3Objects } from '../s3-client/objects.ts';
import { checkAtOpen } from '../s3-client/open-check.ts';
import { Uploads } from '../s3-client/uploads.ts';
import { fromSocorroProcessed, toSocorroProcessed } from '../socorro-format.ts';
import { Blobs } from './blobs.ts';
import { readObject, writeJson } from './documents.ts';
import { Keys, PROCESSED } from './keys.ts';
import { listByDay, listByPrefix } from './listing.ts';
import { Reports } from './reports.ts';
import type { S3Parts } from './s3-parts.ts';
import { type S3StorageSettings, s3Capabilities } from './settings.ts';

type S3Capability = Exclude<Capability, 'search' | 'scan' | 'list'>;

class PlainS3Storage implements CrashStorage<S3Capability> {
  readonly name: string;
  readonly use = 's3';
  readonly capabilities: ReadonlySet<Capability>;
  readonly children = [];
  protected readonly parts: S3Parts;
  protected readonly gate: CallGate;
  readonly #reports: Reports;
  readonly #blobs: Blobs;
  readonly #locks = new KeyedLock();

  constructor(parts: S3Parts, gate: CallGate, capabilities: readonly Capability[]) {
    this.name = parts.name;
    this.parts = parts;
    this.gate = gate;
    this.capabilities = new Set(capabilities);
    this.#reports = new Reports(parts);
    this.#blobs = new Blobs(parts);
  }

  saveReport(report: Report, options?: CallOptions): Promise<void> {
    return this.gate.run(options, () =>
      this.#locks.run(report.raw.id, () => this.#reports.save(report, options)),
    );
  }

  readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash> {
    return this.gate.run(options, async () => (await this.#reports.read(id, options)).raw);
  }

  listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    return this.gate.run(options, () => this.#reports.listDumps(id, options));
  }

  readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    return this.gate.run(options, () => this.#reports.readDump(id, name, options));
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.gate.run(options, () =>
      writeJson(this.parts, this.parts.keys.of(PROCESSED, raw.id), toSocorroProcessed(processed), options),
    );
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.gate.run(options, async () => {
      const { keys } = this.parts;
      const json = keys.holds(id) && (await readObject(this.parts, keys.of(PROCESSED, id), options));
      if (json) return fromSocorroProcessed(id, json);
      throw new StorageError('not_found', this.name, `no processed crash ${id}`);
    });
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.gate.run(options, () => this.#locks.run(id, () => this.#reports.remove(id, options)));
  }

  putBlob(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    return this.gate.run(options, () => this.#blobs.put(key, bytes, options));
  }

  getBlob(key: string, options?: CallOptions): Promise<Dump> {
    return this.gate.run(options, () => this.#blobs.get(key, options));
  }

  hasBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.gate.run(options, () => this.#blobs.has(key, options));
  }

  removeBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.gate.run(options, () => this.#blobs.remove(key, options));
  }

  listBlobs(prefix: string, options?: CallOptions): AsyncIterable<string> {
    return this.gate.iterate(options, () => this.#blobs.list(prefix, options));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.gate.run(options, async () => {
      await this.parts.objects.check(this.parts.keys.root, options);
      return HEALTHY;
    });
  }

  /** Streams that are still read end with `closed`. */
  async close(options?: CallOptions): Promise<void> {
    await this.gate.close(options);
    this.parts.connection.close();
  }
}

/** A layout whose keys have the day in them. */
class DatedS3Storage extends PlainS3Storage implements CrashStorage<S3Capability | 'list'> {
  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.gate.iterate(options, () => {
      checkDay(this.name, day);
      const list = this.parts.keys.layout === 'v2' ? listByPrefix : listByDay;
      return list(this.parts, day, options);
    });
  }
}

export type S3Storage = CrashStorage<S3Capability>;

export function partsOf(
  name: string,
  settings: S3StorageSettings,
  connection: S3Connection,
  log: Log,
): { readonly parts: S3Parts; readonly gate: CallGate } {
  const keys = new Keys(name, settings.layout, keyRoot(settings));
  const objects = new S3Objects(name, connection);
  const wrap = (error: unknown): StorageError =>
    gate.closed && !(error instanceof StorageError) && connection.error(error).code === 'unavailable'
      ? new StorageError('closed', name, 'the store was closed', { cause: error })
      : connection.error(error);
  const gate: CallGate = new CallGate(name, wrap);
  const uploads = new Uploads(name, connection, objects, log);
  return { parts: { name, keys, connection, objects, uploads, log, wrap }, gate };
}

/** Asks for the bucket: `invalid` when it is not there; a server that is down is `unavailable`. */
export async function openS3Storage(name: string, settings: S3StorageSettings, log: Log): Promise<S3Storage> {
  const connection = await openConnection(settings, { store: name });
  try {
    const { parts, gate } = partsOf(name, settings, connection, log);
    await checkAtOpen(parts.objects, connection, parts.keys.root, name, log);
    const capabilities = s3Capabilities(settings);
    return settings.layout === 'v1'
      ? new PlainS3Storage(parts, gate, capabilities)
      : new DatedS3Storage(parts, gate, capabilities);
  } catch (error) {
    connection.close();
    throw error;
  }
}
