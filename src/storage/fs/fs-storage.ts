/**
 * Crashes as files, in the layout of our own. A crash is built in a folder under `tmp` and renamed into the tree, so
 * that it is there with all its dumps or not at all; a save costs one fsync of `raw.json`, one of the folder and
 * one of the leaf, whatever the number of dumps that could be linked, and one trip to the disk's thread.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../lib/abort.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Disk } from '../../lib/disk.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { checkDay } from '../days.ts';
import { refuseTwinDumps } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import { BlobTree } from './blob-tree.ts';
import {
  crashFolder,
  listCrashFolders,
  type Manifest,
  PROCESSED_FILE,
  readManifest,
} from './crash-folders.ts';
import { CrashWriter } from './crash-writer.ts';
import { fsError } from './fs-errors.ts';
import {
  checkPresent,
  checkRoot,
  type FsParts,
  fileDump,
  notFound,
  openParts,
  orNotFound,
} from './fs-parts.ts';
import { fromGzipJson, toGzipJson } from './gzip-json.ts';

export const FS_CAPABILITIES = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
  'blobs',
] as const satisfies readonly Capability[];

export interface FsStorageOptions {
  /** Absolute; made when missing. */
  readonly root: string;
  /** Levels of two-digit folders, 1 to 4. */
  readonly depth: number;
  readonly disk?: Disk;
  readonly clock?: Clock;
}

export class FsStorage implements CrashStorage<(typeof FS_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'fs';
  readonly capabilities: ReadonlySet<Capability> = new Set(FS_CAPABILITIES);
  readonly children = [];
  readonly #parts: FsParts;
  readonly #depth: number;
  readonly #gate: CallGate;
  readonly #locks = new KeyedLock();
  readonly #writer: CrashWriter;
  readonly #blobs: BlobTree;

  private constructor(parts: FsParts, depth: number) {
    this.name = parts.name;
    this.#parts = parts;
    this.#depth = depth;
    this.#gate = new CallGate(parts.name, (error) => fsError(parts.name, error));
    this.#writer = new CrashWriter(parts);
    this.#blobs = new BlobTree(parts);
  }

  static async open(name: string, options: FsStorageOptions): Promise<FsStorage> {
    const parts = await openParts(name, options, { layout: 'native', depth: options.depth });
    return new FsStorage(parts, options.depth);
  }

  saveReport(report: Report, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      refuseTwinDumps(this.name, report.dumps);
      const final = this.#folder(report.raw.id);
      await this.#locks.run(report.raw.id, () => this.#writer.saveReport(report, final, options));
    });
  }

  readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash> {
    return this.#gate.run(options, async () => (await this.#manifest(id)).raw);
  }

  listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    return this.#gate.run(options, async () => {
      const infos = (await this.#manifest(id)).dumps.map(({ name, size, sha256 }) => ({
        name,
        size,
        sha256,
      }));
      return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, async () => {
      const entry = (await this.#manifest(id)).dumps.find((d) => d.name === name);
      if (!entry) throw new StorageError('not_found', this.name, `no such dump of ${id}`);
      const { file, ...info } = entry;
      return fileDump(this.name, info, join(this.#folder(id), file));
    });
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      const bytes = await toGzipJson(processed);
      throwIfAborted(options?.signal);
      await this.#locks.run(raw.id, () => this.#writer.saveProcessed(this.#folder(raw.id), bytes));
    });
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.#gate.run(options, async () => {
      const path = join(this.#folder(id), PROCESSED_FILE);
      const bytes = await orNotFound(this.#parts, `no processed crash ${id}`, () => readFile(path));
      return (await fromGzipJson(this.name, bytes)) as ProcessedCrash;
    });
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#locks.run(id, () => this.#writer.remove(this.#folder(id))));
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.#gate.iterate(options, () => this.#list(day));
  }

  async *#list(day: string): AsyncGenerator<CrashId> {
    checkDay(this.name, day);
    await checkPresent(this.#parts);
    yield* listCrashFolders(join(this.#parts.root, day.replaceAll('-', ''), 'name'), this.#depth);
  }

  putBlob(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, () => this.#blobs.put(key, bytes, options));
  }

  getBlob(key: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, () => this.#blobs.get(key));
  }

  hasBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#blobs.has(key));
  }

  removeBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#blobs.remove(key));
  }

  listBlobs(prefix: string, options?: CallOptions): AsyncIterable<string> {
    return this.#gate.iterate(options, () => this.#blobs.list(prefix));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => {
      await checkRoot(this.#parts);
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    try {
      await this.#gate.close(options);
    } finally {
      await this.#parts.close();
    }
  }

  #folder(id: CrashId): string {
    return crashFolder(this.#parts.root, this.#depth, id);
  }

  async #manifest(id: CrashId): Promise<Manifest> {
    const manifest = await readManifest(this.name, this.#folder(id));
    return manifest ?? notFound(this.#parts, `no raw crash ${id}`);
  }
}
