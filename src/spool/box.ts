/**
 * A box holds what one process has accepted: journal segments and dumps, in `boxes/BOX@OWNER`. Only the owner touches it.
 * A box whose owner is dead is claimed by renaming it, so exactly one process wins.
 *
 * The order of things on disk, so that every moment can be the last one:
 * dumps and record durable -> the client hears its crash id -> store and queue have it -> mark durable -> dumps unlinked.
 * A finished segment goes as a whole: the record is unlinked durably, then the dumps; this needs no room on a full disk.
 */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Disk, listFolder } from '../lib/disk.ts';
import type { Log } from '../lib/log.ts';
import type { RawCrash } from '../model/report.ts';
import { DumpFiles } from './dump-files.ts';
import { spoolMetrics } from './metrics.ts';
import { type RecordHead, SEGMENT_HEADER_BYTES } from './record.ts';
import { type Entry, numbersOf, Segment } from './segment.ts';

/** An idle segment with less than this in it is kept open: a lone crash now and then must not cost a file each. */
const KEEP_OPEN_BYTES = 256 * 1024;

export class Box {
  readonly path: string;
  readonly dumps: DumpFiles;
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #segmentSize: number;
  readonly #segments = new Set<Segment>();
  #current: Segment | undefined;
  #opening: Promise<Segment> | undefined;
  #lastNumber = 0;
  /** Appends that have no segment yet: until they have, none is closed under them. */
  #entering = 0;
  #flushing: Promise<void> | undefined;

  private constructor(path: string, disk: Disk, log: Log, segmentSize: number) {
    this.path = path;
    this.dumps = new DumpFiles(disk, path);
    this.#disk = disk;
    this.#log = log;
    this.#segmentSize = segmentSize;
  }

  static async create(
    folder: string,
    owner: string,
    options: { readonly disk: Disk; readonly log: Log; readonly segmentSize: number },
  ): Promise<Box> {
    const path = join(folder, `${randomUUID()}@${owner}`);
    await options.disk.makeFolder(path);
    return new Box(path, options.disk, options.log, options.segmentSize);
  }

  /** A box of a dead process, claimed already; with the entries that still wait in it. */
  static async recover(
    path: string,
    options: { readonly disk: Disk; readonly log: Log; readonly damaged: string },
  ): Promise<{ readonly box: Box; readonly entries: readonly Entry[] }> {
    const { disk, log, damaged } = options;
    const box = new Box(path, disk, log, 0);
    const entries: Entry[] = [];
    const files = new Set<string>();
    const names = await listFolder(path);
    for (const number of numbersOf(names, 'log')) {
      const found = await Segment.recover(disk, path, number, (offset, bytes) => {
        spoolMetrics.count('spool_damaged_total', { what: 'journal' });
        log.error(
          { box: path, segment: number, offset, bytes },
          'spool: a damaged place in the journal is skipped',
        );
      });
      if (!found) {
        await box.#dismiss(number, damaged);
        continue;
      }
      box.#segments.add(found.segment);
      for (const [entry, head] of found.live) {
        entries.push(entry);
        for (const { place } of head.dumps) if ('file' in place) files.add(place.file);
      }
    }
    await box.dumps.keepOnly(files);
    return { box, entries };
  }

  /** No entry waits in it, and none is being added. */
  get isIdle(): boolean {
    return this.#entering === 0 && [...this.#segments].every((s) => s.isIdle);
  }

  /** Resolves when the record is durable. */
  async append(head: RecordHead, raw: RawCrash, inline: readonly Uint8Array[]): Promise<Entry> {
    this.#entering += 1;
    let segment: Segment;
    try {
      segment = await this.#writable();
    } finally {
      this.#entering -= 1;
    }
    return segment.append(head, raw, inline);
  }

  /**
   * Makes what is done durable and frees its room. Calls that come while one runs wait for it: what was done since it began
   * is left to the next one.
   */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Removes the box when nothing waits in it; otherwise leaves it for whoever adopts it. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    for (const segment of this.#segments) segment.seal();
    // One under way may have passed what is finished by now; whoever began it hears of its failure.
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    await this.flush();
    for (const segment of this.#segments) await segment.close();
    if (this.#segments.size === 0) await this.#disk.removeFolder(this.path);
  }

  /** A segment without its header: no report in it was ever synced, unless the disk itself is at fault. */
  async #dismiss(number: number, damaged: string): Promise<void> {
    const path = join(this.path, `${number}.log`);
    if ((await stat(path)).size <= SEGMENT_HEADER_BYTES) return this.#disk.unlink(path);
    const to = join(damaged, `damaged-${basename(this.path).split('@')[0]}-${number}.log`);
    this.#log.error({ to }, 'spool: a segment cannot be read and is set aside');
    spoolMetrics.count('spool_damaged_total', { what: 'segment' });
    await this.#disk.rename(path, to);
  }

  async #writable(): Promise<Segment> {
    const current = this.#current;
    if (current?.isWritable && current.size < this.#segmentSize) return current;
    current?.seal();
    this.#opening ??= this.#openSegment().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openSegment(): Promise<Segment> {
    this.#lastNumber += 1;
    const segment = await Segment.create(this.#disk, this.path, this.#lastNumber);
    this.#segments.add(segment);
    this.#current = segment;
    return segment;
  }

  async #flush(): Promise<void> {
    const current = this.#entering === 0 ? this.#current : undefined;
    if (current?.isIdle && (current.size > KEEP_OPEN_BYTES || !current.isWritable)) current.seal();
    for (const segment of this.#segments) {
      if (segment.isFinished && this.#entering === 0) {
        await this.dumps.unlink(await segment.remove());
        this.#segments.delete(segment);
        if (this.#current === segment) this.#current = undefined;
      } else {
        await this.#flushMarks(segment);
      }
    }
  }

  async #flushMarks(segment: Segment): Promise<void> {
    try {
      await segment.flush();
    } catch (error) {
      // No room for a mark: the segment takes no more, so that it can go as a whole.
      segment.seal();
      this.#log.warn({ err: error, segment: segment.number }, 'spool: marks cannot be written now');
    }
    await this.dumps.unlink(segment.takeUnlinkable());
  }
}
