/** Writes and removes crashes in the native tree; the caller sees to it that one crash is not written twice at once. */
import { dirname, join } from 'node:path';
import { throwIfAborted } from '../../lib/abort.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import { type DiskStep, SeriesError, WRONG_SIZE } from '../../lib/disk-steps.ts';
import type { CallOptions, Dump, Report } from '../../model/report.ts';
import { wrongSize } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import {
  type DumpEntry,
  isOccupied,
  type Manifest,
  moveIntoTree,
  PROCESSED_FILE,
  pruneAbove,
  RAW_FILE,
  readManifest,
} from './crash-folders.ts';
import { errnoOf, isMissing, isUnlinkable } from './fs-errors.ts';
import { checkPresent, type FsParts } from './fs-parts.ts';

/** How many dumps of one crash are copied at once. */
const COPIES = 4;

export class CrashWriter {
  readonly #parts: FsParts;

  constructor(parts: FsParts) {
    this.#parts = parts;
  }

  async saveReport(report: Report, final: string, options?: CallOptions): Promise<void> {
    const linked = linkedDumps(report);
    if (linked && (await this.#saveLinked(report, linked, final))) return;
    await this.#parts.staging.withFolder((stage) => this.#save(report, stage, final, options));
  }

  /**
   * What comes from the spool, in one series: dumps that can be linked, a crash that is new. False, and nothing done,
   * when a dump cannot be linked after all.
   */
  async #saveLinked(report: Report, linked: readonly LinkedDump[], final: string): Promise<boolean> {
    const { disk, staging, folders } = this.#parts;
    const stage = staging.newPath();
    const leaf = dirname(final);
    const nonce = staging.newName();
    const dumps = linked.map(({ name, size, sha256 }, i) => ({
      name,
      size,
      sha256,
      file: `${i}-${nonce}.dump`,
    }));
    const manifest: Manifest = { format: 1, raw: report.raw, dumps };
    const steps: DiskStep[] = [
      { do: 'check', path: staging.marker },
      ...folders.steps(leaf),
      { do: 'makeFolder', path: stage },
      ...linked.map(({ path, size }, i): DiskStep => {
        return { do: 'link', from: path, to: join(stage, dumps[i]?.file ?? ''), size };
      }),
      { do: 'create', path: join(stage, RAW_FILE), text: JSON.stringify(manifest) },
      { do: 'syncFolder', path: stage },
      { do: 'rename', from: stage, to: final },
      { do: 'syncFolder', path: leaf },
    ];
    const since = folders.moment;
    try {
      await disk.series(steps);
    } catch (error) {
      return this.#afterFailure(error, steps, { manifest, linked, stage, final });
    }
    folders.learn(leaf, since);
    // Forgotten meanwhile: it may have been removed and made anew under the rename, its own name not yet synced.
    if (!folders.isDurable(leaf)) await this.#confirm(final, folders.ensure(leaf));
    return true;
  }

  /** True when the crash is in the tree by other means, false when it must be saved the long way; else it throws. */
  async #afterFailure(
    error: unknown,
    steps: readonly DiskStep[],
    at: {
      readonly manifest: Manifest;
      readonly linked: readonly LinkedDump[];
      readonly stage: string;
      readonly final: string;
    },
  ): Promise<boolean> {
    const { disk, folders, name } = this.#parts;
    const number = error instanceof SeriesError ? error.step : 0;
    const step = steps[number];
    if (number === steps.length - 1) {
      await this.#takeBack(at.final);
      throw error;
    }
    try {
      if (step?.do === 'rename' && isOccupied(error)) {
        await this.#replace(at.manifest, at.stage, at.final);
        return true;
      }
    } finally {
      await disk.removeFolder(at.stage);
    }
    // A missing source is reported by the copy, as a source that cannot be opened; a pruned leaf is made again.
    if (isMissing(error) && step?.do !== 'check') folders.forget(dirname(at.final));
    else if (step?.do !== 'link' || !isUnlinkable(error)) throw wrongSizeOf(name, error, step, at.linked);
    return false;
  }

  async #save(report: Report, stage: string, final: string, options: CallOptions | undefined): Promise<void> {
    const { disk, staging, folders } = this.#parts;
    const nonce = staging.newName();
    const dumps: DumpEntry[] = await mapConcurrent(report.dumps, COPIES, async (dump, i) => {
      const file = `${i}-${nonce}.dump`;
      return { ...(await staging.placeDump(dump, join(stage, file), options)), file };
    });
    const manifest: Manifest = { format: 1, raw: report.raw, dumps };
    // Three syncs that do not wait for each other; a name in the stage is there before its file's bytes are synced.
    const file = await disk.open(join(stage, RAW_FILE), 'create');
    try {
      await file.write(Buffer.from(JSON.stringify(manifest)));
      await Promise.all([file.sync(), disk.syncFolder(stage), folders.ensure(dirname(final))]);
    } finally {
      await file.close();
    }
    throwIfAborted(options?.signal);
    if (await moveIntoTree(disk, folders, stage, final)) await this.#confirm(final);
    else await this.#replace(manifest, stage, final);
  }

  /** The rename has happened; when it cannot be made durable it is taken back. */
  async #confirm(final: string, durable = this.#parts.disk.syncFolder(dirname(final))): Promise<void> {
    try {
      await durable;
    } catch (error) {
      await this.#takeBack(final);
      throw error;
    }
  }

  async #takeBack(final: string): Promise<void> {
    const { disk, staging } = this.#parts;
    const aside = staging.newPath();
    await disk.rename(final, aside);
    await disk.removeFolder(aside);
  }

  /** The crash has a folder already: the new dumps go beside the old ones, and the new `raw.json` decides. */
  async #replace(manifest: Manifest, stage: string, final: string): Promise<void> {
    const { disk } = this.#parts;
    const old = await readManifest(this.#parts.name, final);
    const equal = old !== undefined && sameReport(old, manifest);
    if (!equal) await this.#putBeside(manifest, stage, final);
    // Also for an equal report: who saved it first may have died before its syncs.
    await Promise.all([disk.syncFolder(final), disk.syncFolder(dirname(final))]);
    if (!equal) for (const { file } of old?.dumps ?? []) await this.#unlink(join(final, file));
  }

  async #putBeside(manifest: Manifest, stage: string, final: string): Promise<void> {
    const { disk } = this.#parts;
    const moved: string[] = [];
    try {
      for (const { file } of manifest.dumps) {
        await disk.rename(join(stage, file), join(final, file));
        moved.push(join(final, file));
      }
      await disk.syncFolder(final);
      await disk.rename(join(stage, RAW_FILE), join(final, RAW_FILE));
    } catch (error) {
      for (const path of moved) await this.#unlink(path);
      throw error;
    }
  }

  /** Another process that saves or removes the same crash may have been faster. */
  async #unlink(path: string): Promise<void> {
    try {
      await this.#parts.disk.unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async saveProcessed(final: string, bytes: Buffer): Promise<void> {
    const { disk, staging, folders } = this.#parts;
    await staging.withFolder(async (stage) => {
      const draft = join(stage, PROCESSED_FILE);
      await staging.writeFile(draft, bytes);
      // Twice: a crash without a folder may get one from another process between the two renames.
      for (let attempt = 0; attempt < 2; attempt += 1) {
        try {
          await disk.rename(draft, join(final, PROCESSED_FILE));
          return disk.syncFolder(final);
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
        await disk.syncFolder(stage);
        if (await moveIntoTree(disk, folders, stage, final)) return this.#confirm(final);
      }
      throw new StorageError('unavailable', this.#parts.name, 'the folder of a crash comes and goes');
    });
  }

  /** Out of the tree with one rename, so that nobody sees half of it. False when there was nothing. */
  async remove(final: string): Promise<boolean> {
    const { disk, staging, folders, root } = this.#parts;
    const aside = staging.newPath();
    try {
      await disk.rename(final, aside);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await checkPresent(this.#parts);
      return false;
    }
    // Both ends of the rename: a file system may keep the old name until the new one is on the disk.
    await Promise.all([this.#syncOrAbove(dirname(final)), disk.syncFolder(staging.folder)]);
    await disk.removeFolder(aside);
    await pruneAbove(root, folders, final);
    return true;
  }

  /** Another removal may have pruned the empty folder meanwhile: then its own name must be gone for good. */
  async #syncOrAbove(folder: string): Promise<void> {
    try {
      await this.#parts.disk.syncFolder(folder);
    } catch (error) {
      if (!isMissing(error) || folder === this.#parts.root) throw error;
      await this.#syncOrAbove(dirname(folder));
    }
  }
}

interface LinkedDump extends Dump {
  readonly path: string;
  readonly sha256: string;
}

/** Undefined when one of them must be copied or hashed. */
function linkedDumps({ dumps }: Report): readonly LinkedDump[] | undefined {
  const isLinked = (dump: Dump): dump is LinkedDump =>
    dump.path !== undefined && dump.immutable === true && dump.sha256 !== undefined;
  return dumps.every(isLinked) ? dumps : undefined;
}

/** A link that was refused for its size as the store's error; any other as it is. */
function wrongSizeOf(
  store: string,
  error: unknown,
  step: DiskStep | undefined,
  linked: readonly LinkedDump[],
): unknown {
  if (errnoOf(error) !== WRONG_SIZE || step?.do !== 'link') return error;
  const dump = linked.find(({ path }) => path === step.from);
  return dump ? wrongSize(store, dump, (error as Error).message) : error;
}

/** The same raw crash with dumps of the same names and bytes. */
function sameReport(a: Manifest, b: Manifest): boolean {
  const text = ({ raw, dumps }: Manifest): string =>
    JSON.stringify([raw, dumps.map(({ name, size, sha256 }) => [name, size, sha256]).sort()]);
  return text(a) === text(b);
}
