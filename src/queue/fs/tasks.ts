/** Taking tasks from the lanes' files and putting them down again: one consumer's view of the queue. */
import { join } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import type { CrashTask, Lane } from '../contract.ts';
import { afterDeath } from '../death.ts';
import type { TaskSource } from '../dispatcher.ts';
import { growingPause, type Timing } from '../timing.ts';
import type { DeadLetters } from './dead-letters.ts';
import { DYING, type FsClaim, type Hand, HELD } from './hand.ts';
import type { Head, LaneFiles } from './lane-files.ts';
import type { FsQueueSettings } from './settings.ts';
import type { TakenBack } from './taking-back.ts';
import { formatName, parseName, type TaskName } from './task-name.ts';

export interface FsTasksParts {
  readonly lanes: Readonly<Record<Lane, LaneFiles>>;
  readonly dead: DeadLetters;
  readonly hand: Hand;
  readonly disk: Disk;
  readonly timing: Timing;
  readonly settings: FsQueueSettings;
  /** For names that do not bring one along. */
  readonly nextSerial: () => string;
  /** A task has become ready, or will. */
  readonly onChange: () => void;
}

export class FsTasks implements TaskSource<CrashTask, FsClaim> {
  readonly #parts: FsTasksParts;

  constructor(parts: FsTasksParts) {
    this.#parts = parts;
  }

  async take(lane: Lane): Promise<FsClaim | undefined> {
    for (;;) {
      const head = await this.#parts.lanes[lane].head();
      if (!head) return undefined;
      try {
        const claim = await this.#takeHead(lane, head);
        if (claim) return claim;
      } catch (error) {
        head.reader.failed();
        throw error;
      }
    }
  }

  idleMs(): number {
    return Math.min(...Object.values(this.#parts.lanes).map((lane) => lane.idleMs()));
  }

  done(claim: FsClaim): Promise<boolean> {
    return this.#parts.hand.letGo(claim, (path) => this.#parts.disk.unlink(path));
  }

  retry(claim: FsClaim, delayMs: number, used: number): Promise<boolean> {
    const { hand, timing } = this.#parts;
    const name = { ...claim.name, used, isSuspect: false, time: timing.now() + delayMs };
    return hand.letGo(claim, (path) => this.#move(path, name, delayMs > 0 ? 'delayed' : 'waiting'));
  }

  /** Keeps its time, and with it its place in the line. */
  release(claim: FsClaim): Promise<boolean> {
    return this.#parts.hand.letGo(claim, (path) => this.#move(path, claim.name, 'waiting'));
  }

  async bury(claim: FsClaim, reason: string): Promise<boolean> {
    const { hand, dead } = this.#parts;
    if (!(await hand.mark(claim, DYING))) return false;
    const name = { ...claim.name, used: claim.attempt };
    return hand.letGo(claim, (path) => dead.bury(path, name, reason));
  }

  hold(claim: FsClaim, held: boolean): Promise<boolean> {
    return this.#parts.hand.mark(claim, held ? HELD : '');
  }

  wait(claim: FsClaim, waiting: boolean): Promise<boolean> {
    return this.hold(claim, waiting);
  }

  /** What becomes of the tasks of consumers that died. */
  get takenBack(): TakenBack {
    return {
      release: (path, name) => this.#move(path, name, 'waiting'),
      died: (path, name) => this.#died(path, name),
      unreadable: (path, file) => this.#buryUnreadable(path, 'standard', file),
    };
  }

  async #takeHead(lane: Lane, head: Head): Promise<FsClaim | undefined> {
    const name = parseName(head.file);
    if (!name?.task) {
      await this.#quarantine(lane, head);
      head.reader.taken();
      return undefined;
    }
    const claim = await this.#parts.hand.take(head.path, { ...name, lane, task: name.task });
    if (claim) head.reader.taken();
    else head.reader.missed();
    return claim;
  }

  /** Only one of several consumers gets it; the others find it gone. */
  async #quarantine(lane: Lane, head: Head): Promise<void> {
    const { hand, disk, timing } = this.#parts;
    const name: TaskName = {
      time: timing.now(),
      serial: this.#parts.nextSerial(),
      lane,
      used: 0,
      isSuspect: false,
      task: null,
    };
    const path = join(hand.folder, `${DYING}${formatName(name)}`);
    try {
      await disk.rename(head.path, path);
      await this.#buryUnreadable(path, lane, head.file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #buryUnreadable(path: string, lane: Lane, found: string): Promise<void> {
    const name = {
      time: 0,
      serial: this.#parts.nextSerial(),
      lane,
      used: 0,
      isSuspect: false,
      task: null,
    };
    return this.#parts.dead.bury(path, name, 'this is no task', found);
  }

  /** The first time it may have been anything; a task that goes on killing its process waits longer and longer. */
  async #died(path: string, name: TaskName): Promise<void> {
    const { settings, timing, dead } = this.#parts;
    const after = afterDeath(name, settings.max_attempts);
    if (after === 'dead') {
      await dead.bury(path, { ...name, used: name.used + 1 }, 'the process died with the task in hand');
    } else if (!name.isSuspect) {
      await this.#move(path, { ...name, ...after }, 'waiting');
    } else {
      const pause = growingPause(after.used, settings.retry_base, settings.retry_cap, timing.random);
      await this.#move(path, { ...name, ...after, time: timing.now() + pause }, 'delayed');
    }
  }

  async #move(path: string, name: TaskName, kind: 'waiting' | 'delayed'): Promise<void> {
    await this.#parts.lanes[name.lane].move(path, name, kind);
    this.#parts.onChange();
  }
}
