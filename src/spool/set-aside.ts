/**
 * Reports that a store refused for good: `failed/ID.json` and their dumps beside it, shared by all processes. They wait
 * for an operator, who has the fault mended and lets them go the normal way again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disk, listFolder } from '../lib/disk.ts';
import { unlinkIfThere } from '../lib/disk-steps.ts';
import { type CrashId, isCrashId } from '../model/crash-id.ts';
import type { RawCrash } from '../model/report.ts';
import type { FailedReport } from './contract.ts';
import type { SpoolRecord } from './record.ts';

interface StoredDump {
  readonly name: string;
  readonly size: number;
  /** Beside the report. */
  readonly file: string;
}

export interface SetAside extends FailedReport {
  readonly raw: RawCrash;
  readonly dumps: readonly StoredDump[];
}

export class FailedFolder {
  readonly path: string;
  readonly #disk: Disk;

  private constructor(path: string, disk: Disk) {
    this.path = path;
    this.#disk = disk;
  }

  static async open(path: string, disk: Disk): Promise<FailedFolder> {
    await disk.makeFolder(path);
    return new FailedFolder(path, disk);
  }

  /** Durable when it resolves. `pathOf` finds the dumps that are files; those that are gone are left out. */
  async add(
    record: SpoolRecord,
    why: { readonly reason: string; readonly failedAt: string; readonly bytes: number },
    pathOf: (file: string) => string,
  ): Promise<void> {
    const { id } = record.head;
    await this.remove(id);
    const dumps: StoredDump[] = [];
    for (const { name, size, place } of record.head.dumps) {
      const file = `${id}.${dumps.length}.dump`;
      const isThere =
        'file' in place
          ? await this.#link(pathOf(place.file), file)
          : await this.#write(file, record.inline(place.at, size));
      if (isThere) dumps.push({ name, size, file });
    }
    const report: SetAside = { id, ...why, raw: record.raw, dumps };
    await this.#write(`${id}.new`, Buffer.from(JSON.stringify(report)));
    await this.#disk.rename(join(this.path, `${id}.new`), this.#reportPath(id));
    await this.#disk.syncFolder(this.path);
  }

  async count(): Promise<number> {
    return (await this.#ids()).length;
  }

  /** Those that can be read; a file that is none is passed to `onDamage`. */
  async *list(onDamage: (file: string, error: unknown) => void): AsyncGenerator<SetAside> {
    for (const id of await this.#ids()) {
      try {
        const report = JSON.parse(await readFile(this.#reportPath(id), 'utf8')) as SetAside;
        yield report;
      } catch (error) {
        // Gone meanwhile: another process let it go.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onDamage(this.#reportPath(id), error);
      }
    }
  }

  /** False when it was not there. The report goes first: without it the dumps mean nothing. */
  async remove(id: CrashId): Promise<boolean> {
    const names = (await listFolder(this.path)).filter((name) => name.startsWith(`${id}.`));
    if (names.length === 0) return false;
    await unlinkIfThere(this.#disk, this.#reportPath(id));
    await this.#disk.syncFolder(this.path);
    for (const name of names) await unlinkIfThere(this.#disk, join(this.path, name));
    return true;
  }

  async #ids(): Promise<CrashId[]> {
    const names = await listFolder(this.path);
    return names.map((name) => name.replace(/\.json$/, '')).filter(isCrashId);
  }

  #reportPath(id: CrashId): string {
    return join(this.path, `${id}.json`);
  }

  async #link(from: string, name: string): Promise<boolean> {
    try {
      await this.#disk.link(from, join(this.path, name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  async #write(name: string, bytes: Uint8Array): Promise<boolean> {
    const file = await this.#disk.open(join(this.path, name), 'create');
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  }
}
