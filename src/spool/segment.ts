/**
 * One file of the journal (`NUMBER.log`), and beside it the marks of those of its reports that are done (`NUMBER.done`).
 * Marks need not be durable at once: a report whose mark is lost is stored and queued again, which changes nothing.
 * But a dump may be unlinked only when the mark is durable, or the report would come back without it.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disk, listFolder } from '../lib/disk.ts';
import { unlinkIfThere } from '../lib/disk-steps.ts';
import type { CrashId } from '../model/crash-id.ts';
import { GroupLog } from './group-log.ts';
import { spoolMetrics } from './metrics.ts';
import {
  DamagedError,
  decodeHead,
  decodeRecord,
  encodeRecord,
  frame,
  newNonce,
  type RecordHead,
  readFrameAt,
  readFrames,
  readNonce,
  SEGMENT_HEADER_BYTES,
  type SpoolRecord,
  segmentHeader,
} from './record.ts';

/** A report that waits. Its annotations stay on the disk. */
export interface Entry {
  readonly id: CrashId;
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
  /** Annotations and dumps. */
  readonly bytes: number;
  /** When it was committed, milliseconds. */
  readonly time: number;
}

interface Done {
  readonly offset: number;
  readonly files: readonly string[];
}

export class Segment {
  readonly folder: string;
  readonly number: number;
  readonly #disk: Disk;
  readonly #nonce: Buffer;
  readonly #log: GroupLog | undefined;
  #marks: GroupLog | undefined;
  #opening: Promise<GroupLog> | undefined;
  /** Open from the first record that is read back until the segment goes. */
  #reading: Promise<FileHandle> | undefined;
  #isSealed: boolean;
  #appending = 0;
  #live = 0;
  #done: Done[] = [];
  #unlinkable: string[] = [];

  private constructor(disk: Disk, folder: string, number: number, nonce: Buffer, log?: GroupLog) {
    this.#disk = disk;
    this.folder = folder;
    this.number = number;
    this.#nonce = nonce;
    this.#log = log;
    this.#isSealed = log === undefined;
  }

  /** A new one, to append to. */
  static async create(disk: Disk, folder: string, number: number): Promise<Segment> {
    const path = logPath(folder, number);
    const file = await disk.open(path, 'create', { syncsAll: true });
    const nonce = newNonce();
    try {
      await file.write(segmentHeader(nonce));
      await disk.syncFolder(folder);
    } catch (error) {
      await file.close();
      await disk.unlink(path);
      throw error;
    }
    const log = new GroupLog(file, SEGMENT_HEADER_BYTES, (n) =>
      spoolMetrics.observe('spool_group_records', n),
    );
    return new Segment(disk, folder, number, nonce, log);
  }

  /**
   * One that a dead process left, with the reports in it that are not done. Nothing is appended to it any more.
   * Undefined when it never got as far as to hold anything.
   */
  static async recover(
    disk: Disk,
    folder: string,
    number: number,
    onGap: (offset: number, bytes: number) => void,
  ): Promise<{ readonly segment: Segment; readonly live: readonly [Entry, RecordHead][] } | undefined> {
    const nonce = await readNonce(logPath(folder, number));
    if (!nonce) return undefined;
    const segment = new Segment(disk, folder, number, nonce);
    const done = await segment.#readMarks();
    const live: [Entry, RecordHead][] = [];
    for await (const { offset, length, payload } of readFrames(
      logPath(folder, number),
      nonce,
      SEGMENT_HEADER_BYTES,
      onGap,
    )) {
      if (done.has(offset)) continue;
      const head = decodeHead(payload);
      live.push([segment.#entry(head, offset, length), head]);
    }
    segment.#live = live.length;
    return { segment, live };
  }

  get size(): number {
    return this.#log?.size ?? 0;
  }

  get isWritable(): boolean {
    return !this.#isSealed && this.#log?.isBroken === false;
  }

  get isIdle(): boolean {
    return this.#live === 0 && this.#appending === 0;
  }

  /** Everything in it is done and nothing comes any more. */
  get isFinished(): boolean {
    return this.#isSealed && this.isIdle;
  }

  /** Nothing is appended from now on. */
  seal(): void {
    this.#isSealed = true;
  }

  /** Resolves when the record is durable. */
  async append(head: RecordHead, raw: SpoolRecord['raw'], inline: readonly Uint8Array[]): Promise<Entry> {
    if (!this.#log) throw new Error('a recovered segment is not appended to');
    const parts = frame(this.#nonce, encodeRecord(head, raw, inline));
    this.#appending += 1;
    try {
      const offset = await this.#log.append(parts);
      this.#live += 1;
      let length = 0;
      for (const part of parts) length += part.length;
      return this.#entry(head, offset, length);
    } finally {
      this.#appending -= 1;
    }
  }

  /** Rejects with `DamagedError`. */
  async read(entry: Entry): Promise<SpoolRecord> {
    this.#reading ??= open(logPath(this.folder, this.number), 'r');
    const file = await this.#reading.catch((error: unknown) => {
      this.#reading = undefined;
      throw error;
    });
    return decodeRecord(await readFrameAt(file, this.#nonce, entry.offset, entry.length));
  }

  /** Notes that an entry is done; `files` are its dumps, unlinked when `flush` has made that durable. */
  done(entry: Entry, files: readonly string[]): void {
    this.#live -= 1;
    this.#done.push({ offset: entry.offset, files });
  }

  /** Makes marks durable. */
  async flush(): Promise<void> {
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    try {
      this.#opening ??= this.#openMarks();
      const marks = await this.#opening;
      const payload = Buffer.from(JSON.stringify(done.map((d) => d.offset)));
      await marks.append(frame(this.#nonce, [payload]));
    } catch (error) {
      this.#opening = undefined;
      this.#done = [...done, ...this.#done];
      throw error;
    }
    this.#unlinkable.push(...done.flatMap((d) => d.files));
  }

  /** The dumps whose reports are durably done. */
  takeUnlinkable(): readonly string[] {
    return this.#unlinkable.splice(0);
  }

  /** Removes a finished segment, without needing any room to do so. Resolves with the dumps that may be unlinked now. */
  async remove(): Promise<readonly string[]> {
    await this.close();
    await unlinkIfThere(this.#disk, logPath(this.folder, this.number));
    await this.#disk.syncFolder(this.folder);
    await unlinkIfThere(this.#disk, donePath(this.folder, this.number));
    return [...this.#unlinkable, ...this.#done.flatMap((d) => d.files)];
  }

  async close(): Promise<void> {
    this.seal();
    await this.#log?.close();
    await this.#marks?.close();
    const reading = this.#reading;
    this.#reading = undefined;
    await (await reading?.catch(() => undefined))?.close();
  }

  #entry(head: RecordHead, offset: number, length: number): Entry {
    let bytes = length;
    for (const { place, size } of head.dumps) bytes += 'file' in place ? size : 0;
    return { id: head.id, segment: this, offset, length, bytes, time: head.time };
  }

  async #openMarks(): Promise<GroupLog> {
    await this.#marks?.close();
    this.#marks = undefined;
    const file = await this.#disk.open(donePath(this.folder, this.number), 'append', {
      syncsAll: true,
    });
    this.#marks = new GroupLog(file, 0);
    await this.#disk.syncFolder(this.folder);
    return this.#marks;
  }

  async #readMarks(): Promise<Set<number>> {
    const done = new Set<number>();
    if (!(await listFolder(this.folder)).includes(`${this.number}.done`)) return done;
    const frames = readFrames(donePath(this.folder, this.number), this.#nonce, 0, () => undefined);
    for await (const { payload } of frames) {
      const offsets = JSON.parse(payload.toString()) as unknown;
      if (!Array.isArray(offsets)) throw new DamagedError('a mark is no list');
      for (const offset of offsets) done.add(offset as number);
    }
    return done;
  }
}

const logPath = (folder: string, number: number): string => join(folder, `${number}.log`);
const donePath = (folder: string, number: number): string => join(folder, `${number}.done`);

/** Numbers of the files of a kind in a box. */
export const numbersOf = (names: readonly string[], kind: 'log' | 'done'): number[] =>
  names
    .map((name) => new RegExp(`^(\\d+)\\.${kind}$`).exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
