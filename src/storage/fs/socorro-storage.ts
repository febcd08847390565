/** Reads and writes the trees of Socorro's file system stores as they are, so that both may use one tree. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfAborted } from '../../lib/abort.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
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
import {
  fromSocorroProcessed,
  fromSocorroRaw,
  type SocorroRaw,
  toSocorroProcessed,
  toSocorroRaw,
} from '../socorro-format.ts';
import { moveIntoTree, namesIn, pruneAbove, putInto } from './crash-folders.ts';
import { fsError } from './fs-errors.ts';
import { checkPresent, checkRoot, type FsParts, fileDump, openParts, orNotFound } from './fs-parts.ts';
import { fromGzipJson, toGzipJson } from './gzip-json.ts';
import { dayFolder, dumpFile, processedFile, radixOf, rawFile, type SocorroTree } from './socorro-paths.ts';
import { type FiledCrash, SlotIndex } from './socorro-slots.ts';
import { dumpFiles, listTree } from './socorro-tree.ts';

export const SOCORRO_FS_CAPABILITIES = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
] as const satisfies readonly Capability[];

export interface SocorroFsOptions {
  /** Absolute; made when missing. */
  readonly root: string;
  readonly tree: SocorroTree;
  /** Files crashes by the time they came, too. */
  readonly dated: boolean;
  readonly disk?: Disk;
  readonly clock?: Clock;
}

const COPIES = 4;

export class SocorroFsStorage implements CrashStorage<(typeof SOCORRO_FS_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'fs';
  readonly capabilities: ReadonlySet<Capability> = new Set(SOCORRO_FS_CAPABILITIES);
  readonly children = [];
  readonly #parts: FsParts;
  readonly #tree: SocorroTree;
  readonly #slots: SlotIndex | undefined;
  readonly #gate: CallGate;
  readonly #locks = new KeyedLock();

  private constructor(parts: FsParts, options: SocorroFsOptions) {
    this.name = parts.name;
    this.#parts = parts;
    this.#tree = options.tree;
    this.#slots = options.dated ? new SlotIndex(parts, options.clock ?? systemClock) : undefined;
    this.#gate = new CallGate(parts.name, (error) => fsError(parts.name, error));
  }

  static async open(name: string, options: SocorroFsOptions): Promise<SocorroFsStorage> {
    const layout = { layout: 'socorro', tree: options.tree, dated: options.dated };
    return new SocorroFsStorage(await openParts(name, options, layout), options);
  }

  saveReport(report: Report, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      refuseTwinDumps(this.name, report.dumps);
      const crash = this.#place(report.raw.id);
      await this.#locks.run(crash.id, async () => {
        await this.#parts.staging.withFolder((stage) => this.#save(report, crash, stage, options));
        await this.#slots?.file(crash);
      });
    });
  }

  async #save(
    report: Report,
    crash: FiledCrash,
    stage: string,
    options: CallOptions | undefined,
  ): Promise<void> {
    const { disk, staging, folders } = this.#parts;
    const dumps: DumpInfo[] = await mapConcurrent(report.dumps, COPIES, (dump) =>
      staging.placeDump(dump, join(stage, dumpFile(crash.id, dump.name)), options),
    );
    const text = JSON.stringify(toSocorroRaw(report.raw, dumps));
    await staging.writeFile(join(stage, rawFile(crash.id)), Buffer.from(text));
    throwIfAborted(options?.signal);
    if (this.#tree === 'radix') {
      await Promise.all([disk.syncFolder(stage), folders.ensure(dirname(crash.folder))]);
      if (await moveIntoTree(disk, folders, stage, crash.folder))
        return disk.syncFolder(dirname(crash.folder));
    }
    await putInto(folders, crash.folder, () => this.#putAmong(report, crash, stage));
  }

  /** Into a folder that is there: dumps first, then the raw crash; then what an earlier report had and this has not. */
  async #putAmong(report: Report, crash: FiledCrash, stage: string): Promise<void> {
    const { disk } = this.#parts;
    const old = await dumpFiles(crash.folder, crash.id, []);
    const fresh = report.dumps.map(({ name }) => dumpFile(crash.id, name));
    const moved: string[] = [];
    try {
      for (const file of fresh) {
        await disk.rename(join(stage, file), join(crash.folder, file));
        if (!old.has(file)) moved.push(file);
      }
      await disk.syncFolder(crash.folder);
      await disk.rename(join(stage, rawFile(crash.id)), join(crash.folder, rawFile(crash.id)));
    } catch (error) {
      for (const file of moved) await disk.unlink(join(crash.folder, file));
      throw error;
    }
    for (const file of old.keys()) if (!fresh.includes(file)) await disk.unlink(join(crash.folder, file));
    await disk.syncFolder(crash.folder);
  }

  readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash> {
    return this.#gate.run(options, async () => (await this.#raw(this.#place(id))).raw);
  }

  listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    return this.#gate.run(options, async () => {
      const crash = this.#place(id);
      const { checksums } = await this.#raw(crash);
      const files = await dumpFiles(crash.folder, crash.id, Object.keys(checksums));
      const infos = await mapConcurrent(files, COPIES, async ([file, name]) => {
        const { size } = await stat(join(crash.folder, file));
        return { name, size, ...sumOf(checksums, name) };
      });
      return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, async () => {
      const crash = this.#place(id);
      const { checksums } = await this.#raw(crash);
      const path = join(crash.folder, dumpFile(id, name));
      const { size } = await orNotFound(this.#parts, `no such dump of ${id}`, () => stat(path));
      return fileDump(this.name, { name, size, ...sumOf(checksums, name) }, path);
    });
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      const crash = this.#place(raw.id);
      const bytes = await toGzipJson(toSocorroProcessed(processed));
      throwIfAborted(options?.signal);
      const { disk, staging, folders } = this.#parts;
      await this.#locks.run(crash.id, () =>
        staging.withFolder(async (stage) => {
          const draft = join(stage, processedFile(crash.id));
          await staging.writeFile(draft, bytes);
          await putInto(folders, crash.folder, () =>
            disk.rename(draft, join(crash.folder, processedFile(crash.id))),
          );
          await disk.syncFolder(crash.folder);
        }),
      );
    });
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.#gate.run(options, async () => {
      const path = join(this.#place(id).folder, processedFile(id));
      const bytes = await orNotFound(this.#parts, `no processed crash ${id}`, () => readFile(path));
      const json = await fromGzipJson(this.name, bytes);
      return fromSocorroProcessed(id, json as Readonly<Record<string, unknown>>);
    });
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#locks.run(id, () => this.#remove(this.#place(id))));
  }

  /** [bug] of the original: its legacy tree keeps the processed crash. */
  async #remove(crash: FiledCrash): Promise<boolean> {
    const { disk, folders, root } = this.#parts;
    const files = (await namesIn(crash.folder)).filter((name) => name.startsWith(`${crash.id}.`));
    if (files.length === 0) {
      await checkPresent(this.#parts);
      return false;
    }
    await this.#slots?.remove(crash);
    // The raw crash first: without it nobody finds the rest.
    const raw = rawFile(crash.id);
    for (const file of files.sort((a, b) => Number(b === raw) - Number(a === raw)))
      await disk.unlink(join(crash.folder, file));
    await disk.syncFolder(crash.folder);
    if (this.#tree === 'radix') {
      folders.forget(crash.folder);
      await disk.removeFolder(crash.folder);
      await disk.syncFolder(dirname(crash.folder));
    }
    const removed = this.#tree === 'radix' ? crash.folder : join(crash.folder, raw);
    await pruneAbove(root, folders, removed);
    return true;
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.#gate.iterate(options, () => this.#list(day));
  }

  async *#list(day: string): AsyncGenerator<CrashId> {
    checkDay(this.name, day);
    await checkPresent(this.#parts);
    yield* listTree(join(this.#parts.root, day.replaceAll('-', ''), 'name'), this.#tree);
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

  #place(id: CrashId): FiledCrash {
    const radix = radixOf(this.name, id);
    const day = dayFolder(this.#parts.root, id);
    const leaf = join(day, 'name', ...radix);
    return this.#tree === 'radix'
      ? { id, day, folder: join(leaf, id), backLink: 'date_root', levels: radix.length + 2 }
      : { id, day, folder: leaf, backLink: id, levels: radix.length + 1 };
  }

  async #raw(crash: FiledCrash): Promise<SocorroRaw> {
    const path = join(crash.folder, rawFile(crash.id));
    const text = await orNotFound(this.#parts, `no raw crash ${crash.id}`, () => readFile(path, 'utf8'));
    try {
      const json = JSON.parse(text) as unknown;
      if (typeof json === 'object' && json !== null)
        return fromSocorroRaw(crash.id, json as Readonly<Record<string, unknown>>);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw new StorageError('corrupt', this.name, `${rawFile(crash.id)} is no JSON object`);
  }
}

const sumOf = (checksums: Readonly<Record<string, string>>, name: string): { readonly sha256?: string } => {
  const sha256 = Object.hasOwn(checksums, name) ? checksums[name] : undefined;
  return sha256 === undefined ? {} : { sha256 };
};
