/**
 * A queue in a folder. Several processes may share it, and it survives `kill -9` and power cuts at any point: a task
 * is one file that is always in exactly one place, and every step it takes is one rename.
 *
 *     <lane>/YYYYMMDD/HH/MM_SS.…/            waiting, by time of publishing
 *     delayed/<lane>/YYYYMMDD/HH/MM_SS.…/    to be tried again, by the time they are due
 *     claimed/<owner>/                       in hand
 *     dead/YYYYMMDD/HH/MM_SS.…/              given up, by the time of it
 *
 * The same crash may wait twice: a reprocessing that was asked for while the crash is in hand must not be lost, and
 * handling is idempotent.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isAborted } from '../../lib/abort.ts';
import { type Disk, listFolder } from '../../lib/disk.ts';
import { ThreadedDisk } from '../../lib/disk-thread.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { Bell } from '../bell.ts';
import { checkTask } from '../check-task.ts';
import type {
  ConsumeOptions,
  CrashQueue,
  CrashTask,
  DeadSelection,
  DeadTask,
  Handler,
  Lane,
} from '../contract.ts';
import { Dispatcher } from '../dispatcher.ts';
import { Lifecycle } from '../lifecycle.ts';
import { metrics } from '../metrics.ts';
import { growingPause, systemTiming, type Timing } from '../timing.ts';
import { DeadLetters } from './dead-letters.ts';
import { openFolder, probe, toQueueError } from './folder.ts';
import { type FileInHand, forget } from './forgetting.ts';
import { Hand, LEASE, withoutMark } from './hand.ts';
import { LaneFiles } from './lane-files.ts';
import type { FsQueueSettings } from './settings.ts';
import { SlotTree } from './slot-tree.ts';
import { TakingBack } from './taking-back.ts';
import { parseName } from './task-name.ts';
import { FsTasks } from './tasks.ts';

export interface FsQueueParts {
  readonly root: string;
  readonly settings: FsQueueSettings;
  readonly log: Log;
  readonly disk?: Disk;
  readonly timing?: Timing;
}

export class FsQueue implements CrashQueue {
  readonly name = 'fs';
  readonly #root: string;
  readonly #claimed: string;
  readonly #settings: FsQueueSettings;
  readonly #log: Log;
  readonly #disk: Disk;
  readonly #timing: Timing;
  readonly #bell: Bell;
  readonly #life = new Lifecycle(toQueueError);
  readonly #lanes: Readonly<Record<Lane, LaneFiles>>;
  readonly #graves: SlotTree;
  readonly #dead: DeadLetters;
  readonly #hands = new Set<Hand>();
  /** Tells this queue object from all others that write into the folder. */
  readonly #writer = randomBytes(5).toString('hex');
  readonly #ownDisk: ThreadedDisk | undefined;
  #serial = 0;

  private constructor(parts: Required<FsQueueParts>, ownDisk: ThreadedDisk | undefined) {
    this.#ownDisk = ownDisk;
    const { root, disk, timing, settings } = parts;
    this.#root = root;
    this.#claimed = join(root, 'claimed');
    this.#settings = settings;
    this.#log = parts.log;
    this.#disk = disk;
    this.#timing = timing;
    this.#bell = new Bell(timing);
    const lane = (name: Lane): LaneFiles => new LaneFiles(root, name, disk, timing, settings.poll_interval);
    this.#lanes = {
      priority: lane('priority'),
      standard: lane('standard'),
      reprocessing: lane('reprocessing'),
    };
    this.#graves = new SlotTree(join(root, 'dead'), disk, timing);
    this.#dead = new DeadLetters(this.#graves, disk, timing);
  }

  /** Rejects with `invalid` when the folder has another layout. */
  static async open(parts: FsQueueParts): Promise<FsQueue> {
    const ownDisk = parts.disk ? undefined : new ThreadedDisk();
    const whole = { timing: systemTiming, ...parts, disk: parts.disk ?? (ownDisk as Disk) };
    try {
      await openFolder(whole.root, whole.disk);
    } catch (error) {
      throw toQueueError(error);
    }
    return new FsQueue(whole, ownDisk);
  }

  publish(task: CrashTask, lane: Lane, options?: CallOptions): Promise<void> {
    return this.#life.call(options, async () => {
      checkTask(task, lane);
      const name = {
        time: this.#timing.now(),
        serial: this.#nextSerial(),
        lane,
        used: 0,
        isSuspect: false,
        task,
      };
      await this.#lanes[lane].publish(name);
      metrics.count('queue_published', { lane });
      this.#bell.ring();
    });
  }

  consume(handle: Handler<CrashTask>, options: ConsumeOptions): Promise<void> {
    return this.#life.consume(options.signal, (signal) => this.#consume(handle, { ...options, signal }));
  }

  /** Counted twice around what is in hand: a task that moves meanwhile may count double, but never not at all. */
  depth(lane: Lane, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      const before = await this.#lanes[lane].counts();
      let total = 0;
      for await (const { name } of this.#inHand()) if (name?.lane === lane) total += 1;
      const after = await this.#lanes[lane].counts();
      for (const [index, count] of before.entries()) total += Math.max(count, after[index] ?? 0);
      return total;
    });
  }

  listDead(options?: CallOptions): AsyncIterable<DeadTask<CrashTask>> {
    return this.#life.iterate(options, () => this.#dead.list());
  }

  requeueDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      let requeued = 0;
      await this.#dead.take(which, async (path, name) => {
        if (!name.task) return;
        const fresh = { ...name, time: this.#timing.now(), used: 0, isSuspect: false };
        await this.#lanes[name.lane].move(path, fresh, 'waiting');
        requeued += 1;
      });
      this.#bell.ring();
      return requeued;
    });
  }

  removeDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, () => this.#dead.take(which, (path) => this.#disk.unlink(path)));
  }

  forget(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#life.call(options, async () => {
      for (const hand of this.#hands)
        hand.lose((claim) => claim.task.crashId === id, 'the crash was removed');
      const lanes = Object.values(this.#lanes);
      return forget(id, {
        // In the order in which tasks move.
        before: lanes.map((lane) => lane.trees[0]),
        inHand: () => this.#inHand(),
        after: [...lanes.map((lane) => lane.trees[1]), this.#graves],
        disk: this.#disk,
      });
    });
  }

  health(options?: CallOptions): Promise<void> {
    return this.#life.call(options, () => probe(this.#root, this.#disk));
  }

  async close(_options?: CallOptions): Promise<void> {
    await this.#life.close();
    await this.#ownDisk?.close();
  }

  async #consume(handle: Handler<CrashTask>, options: ConsumeOptions): Promise<void> {
    const hand = new Hand({
      root: this.#claimed,
      leaseMs: this.#settings.lease,
      disk: this.#disk,
      timing: this.#timing,
      log: this.#log,
    });
    if (!(await this.#openHand(hand, options.signal))) return;
    this.#hands.add(hand);
    // The lease is kept until the last task in hand was put down, which is after the consumer was told to stop.
    const over = new AbortController();
    const tasks = this.#tasksFor(hand);
    const keeping = [
      hand.keep(over.signal),
      this.#takingBack(tasks).keep(
        (owner) => owner === hand.owner,
        AbortSignal.any([over.signal, options.signal]),
      ),
    ];
    try {
      await new Dispatcher(
        {
          source: tasks,
          bell: this.#bell,
          settings: this.#settings,
          timing: this.#timing,
          log: this.#log,
          nameOf: (task: CrashTask) => ({ crashId: task.crashId }),
        },
        handle,
        options,
      ).run();
    } finally {
      over.abort();
      await Promise.all(keeping);
      this.#hands.delete(hand);
      await hand.close();
    }
  }

  /** False when it is time to stop before the disk would let us begin. */
  async #openHand(hand: Hand, signal: AbortSignal): Promise<boolean> {
    const { postpone_base, postpone_cap } = this.#settings;
    for (let step = 1; !signal.aborted; step += 1) {
      try {
        await hand.open();
        return true;
      } catch (error) {
        metrics.count('queue_errors', { operation: 'open' });
        this.#log.error({ err: error }, 'the queue cannot be consumed');
      }
      try {
        await this.#timing.sleep(growingPause(step, postpone_base, postpone_cap, this.#timing.random), {
          signal,
        });
      } catch (error) {
        if (!isAborted(error)) throw error;
      }
    }
    return false;
  }

  #tasksFor(hand: Hand): FsTasks {
    return new FsTasks({
      lanes: this.#lanes,
      dead: this.#dead,
      hand,
      disk: this.#disk,
      timing: this.#timing,
      settings: this.#settings,
      nextSerial: () => this.#nextSerial(),
      onChange: () => this.#bell.ring(),
    });
  }

  #takingBack(tasks: FsTasks): TakingBack {
    return new TakingBack({
      root: this.#claimed,
      leaseMs: this.#settings.lease,
      disk: this.#disk,
      timing: this.#timing,
      log: this.#log,
      onTask: tasks.takenBack,
    });
  }

  #nextSerial(): string {
    this.#serial += 1;
    return `${this.#serial.toString(36).padStart(6, '0')}${this.#writer}`;
  }

  /** Files in the hands of all consumers. */
  async *#inHand(): AsyncGenerator<FileInHand> {
    for (const owner of await listFolder(this.#claimed)) {
      for (const file of await listFolder(join(this.#claimed, owner))) {
        if (file !== LEASE)
          yield { path: join(this.#claimed, owner, file), name: parseName(withoutMark(file)) };
      }
    }
  }
}
