/**
 * What one process holds of the spool while its lease is good: its own box, those it adopted, and the mover out of them.
 * Should the lease be lost (the process was paused for long), all of this belongs to others, and a new tenure begins.
 */
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Disk } from '../lib/disk.ts';
import type { Log } from '../lib/log.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { RawCrash } from '../model/report.ts';
import type { CrashStorage } from '../storage/contract.ts';
import { type AdoptionContext, adoptBoxes } from './adoption.ts';
import { assemble } from './assemble.ts';
import { Backlog, type Waiting } from './backlog.ts';
import { Box } from './box.ts';
import { SpoolError, toSpoolError } from './contract.ts';
import type { Digester } from './digest.ts';
import type { CommitParts } from './draft.ts';
import { Lease, Neighbours } from './lease.ts';
import { Mover, type SpoolQueue } from './mover.ts';
import type { SpoolRecord } from './record.ts';
import type { DiskRoom } from './room.ts';
import type { Entry } from './segment.ts';
import type { FailedFolder } from './set-aside.ts';
import type { SpoolSettings } from './settings.ts';

export interface TenureContext {
  readonly root: string;
  readonly settings: SpoolSettings;
  readonly store: CrashStorage<'report.write'>;
  readonly queue: SpoolQueue;
  readonly log: Log;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly room: DiskRoom;
  readonly failed: FailedFolder;
  readonly digester: Digester;
  /** Uploads are being answered now. */
  isBusy(): boolean;
  /** Something is not waiting any more. */
  onDone(): void;
}

export class Tenure {
  readonly box: Box;
  readonly backlog = new Backlog();
  readonly lease: Lease;
  readonly #c: TenureContext;
  readonly #boxes: Set<Box>;
  readonly #adoption: AdoptionContext;
  readonly #mover: Mover;

  private constructor(context: TenureContext, lease: Lease, box: Box) {
    const { root, settings, disk, log, store, queue } = context;
    this.#c = context;
    this.lease = lease;
    this.box = box;
    this.#boxes = new Set([box]);
    this.#adoption = {
      folder: join(root, 'boxes'),
      damaged: context.failed.path,
      lease,
      neighbours: new Neighbours(join(root, 'leases'), settings.lease, disk),
      disk,
      log,
    };
    this.#mover = new Mover({
      store,
      queue,
      log,
      backlog: this.backlog,
      concurrency: settings.move_concurrency,
      timeoutMs: settings.move_timeout,
      pauseMs: { min: settings.retry_min, max: settings.retry_max },
      isBusy: () => context.isBusy(),
      assemble: (waiting) => assemble(waiting, context.digester, () => lease.renew()),
      setAside: (record, waiting, reason) => this.#setAside(record, waiting, reason),
      done: (waiting, record) => this.#done(waiting, record),
    });
  }

  static async begin(context: TenureContext): Promise<Tenure> {
    const { root, settings, disk, log } = context;
    await disk.makeFolder(join(root, 'leases'));
    const lease = await Lease.acquire(join(root, 'leases'), disk);
    const segmentSize = settings.segment_size;
    const box = await Box.create(join(root, 'boxes'), lease.owner, { disk, log, segmentSize });
    return new Tenure(context, lease, box);
  }

  get waitingFor(): string | null {
    return this.#mover.waitingFor;
  }

  /**
   * Durable, and in the mover's hands, when it resolves. The record is written when its dumps are durable, and not beside
   * them: whoever finds it after a power cut finds them whole, and no checksum is needed on the client's path.
   */
  async commit(raw: RawCrash, { dumps, inline, durable }: CommitParts): Promise<void> {
    const { clock, room, log } = this.#c;
    const head = { id: raw.id, time: clock.now().getTime(), dumps };
    try {
      await durable;
    } catch (error) {
      throw toSpoolError(error, 'the dumps cannot be made durable');
    }
    let entry: Entry;
    try {
      entry = await this.box.append(head, raw, inline);
    } catch (error) {
      throw toSpoolError(error, 'the report cannot be written');
    }
    if (this.lease.age > this.#c.settings.lease / 2 && !(await this.lease.renew())) {
      log.error({ crashId: raw.id }, 'spool: the lease was lost while a report was committed');
      throw new SpoolError('internal', 'another process has taken this spool over');
    }
    room.wrote(entry.length);
    // Copied: a chunk may be a small part of a large buffer.
    const bytes = Buffer.concat(inline);
    this.backlog.add(this.box, entry, { head, raw, inline: (at, size) => bytes.subarray(at, at + size) });
    this.#mover.pump();
  }

  /** Takes up what dead processes left. */
  async adopt(): Promise<void> {
    const mine = new Set([...this.#boxes].map((box) => box.path));
    for await (const { box, entries } of adoptBoxes(this.#adoption, mine)) {
      this.#boxes.add(box);
      for (const entry of entries.toSorted((a, b) => a.time - b.time)) this.backlog.add(box, entry);
      this.#mover.pump();
    }
  }

  /** Frees the room of what is done. */
  async flush(): Promise<void> {
    for (const box of this.#boxes) {
      if (box === this.box || !box.isIdle) {
        await box.flush();
      } else {
        await box.close();
        this.#boxes.delete(box);
      }
    }
  }

  /** Resolves when the mover has let go of them: they are not stored afterwards. */
  async remove(id: CrashId): Promise<boolean> {
    const found = this.backlog.find(id);
    for (const waiting of found) waiting.isRemoved = true;
    for (const waiting of found) {
      while (!waiting.isGone) {
        if (waiting.moving) await waiting.moving;
        else await this.#removeNow(waiting);
      }
    }
    await this.flush();
    return found.length > 0;
  }

  async find(id: CrashId): Promise<RawCrash | undefined> {
    const [waiting] = this.backlog.find(id);
    if (!waiting) return undefined;
    return (waiting.fresh ?? (await waiting.entry.segment.read(waiting.entry))).raw;
  }

  /** Stops moving; what waits is left to whoever comes next. */
  async close(graceMs: number): Promise<void> {
    await this.#mover.close(graceMs);
    const failures: unknown[] = [];
    for (const box of this.#boxes) await box.close().catch((error: unknown) => failures.push(error));
    await this.lease.release().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** The lease is lost: lets go without touching anything. */
  async forsake(): Promise<void> {
    await this.#mover.close(0);
  }

  #done(waiting: Waiting, record: SpoolRecord): void {
    const files = record.head.dumps.flatMap(({ place }) => ('file' in place ? [place.file] : []));
    waiting.entry.segment.done(waiting.entry, files);
    this.backlog.remove(waiting);
    this.#c.onDone();
  }

  /** Unless the mover takes it meanwhile. */
  async #removeNow(waiting: Waiting): Promise<void> {
    const record = await waiting.entry.segment.read(waiting.entry);
    if (!waiting.isGone && !waiting.moving) this.#done(waiting, record);
  }

  #setAside(record: SpoolRecord, waiting: Waiting, reason: string): Promise<void> {
    const failedAt = this.#c.clock.now().toISOString();
    const { entry, box } = waiting;
    return this.#c.failed.add(record, { reason, failedAt, bytes: entry.bytes }, (file) =>
      box.dumps.path(file),
    );
  }
}
