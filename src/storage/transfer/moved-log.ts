/** Which crashes of a day were moved: a line for each, appended and synced in groups. Costs a read of the file, no memory. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Disk, DiskFile } from '../../lib/disk.ts';
import { listFolder } from '../../lib/disk.ts';
import { errnoOf } from '../../lib/errno.ts';
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import { removeFile } from './durable-json.ts';

const FILE = /^(\d{4}-\d{2}-\d{2})\.moved$/;

export class MovedLog {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #files = new Map<string, DiskFile>();

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Those of the ids that were moved. */
  async among(day: string, ids: ReadonlySet<CrashId>): Promise<ReadonlySet<CrashId>> {
    const found = new Set<CrashId>();
    const input = createReadStream(this.#path(day), { encoding: 'utf8' });
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    const failed = new Promise<never>((_resolve, reject) => input.once('error', reject));
    const reading = (async () => {
      // A line that a power cut tore is no id, and its crash is moved again.
      for await (const line of lines) if (isCrashId(line) && ids.has(line)) found.add(line);
    })();
    try {
      await Promise.race([reading, failed]);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    } finally {
      lines.close();
      input.destroy();
    }
    return found;
  }

  /** Durable when it resolves. */
  async add(day: string, ids: readonly CrashId[]): Promise<void> {
    if (ids.length === 0) return;
    const file = this.#files.get(day) ?? (await this.#open(day));
    await file.write(Buffer.from(ids.map((id) => `${id}\n`).join('')));
    await file.sync();
  }

  /** Removes the files of days that nobody looks at any more. */
  async forgetBefore(day: string): Promise<void> {
    for (const name of await listFolder(this.#folder)) {
      const of = FILE.exec(name)?.[1];
      if (of === undefined || of >= day) continue;
      await this.#files.get(of)?.close();
      this.#files.delete(of);
      await removeFile(this.#disk, join(this.#folder, name));
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
  }

  async #open(day: string): Promise<DiskFile> {
    await this.#disk.makeFolder(this.#folder);
    const file = await this.#disk.open(this.#path(day), 'append');
    this.#files.set(day, file);
    await this.#disk.syncFolder(this.#folder);
    // The last run may have died in the middle of a line.
    await file.write(Buffer.from('\n'));
    return file;
  }

  #path(day: string): string {
    return join(this.#folder, `${day}.moved`);
  }
}
