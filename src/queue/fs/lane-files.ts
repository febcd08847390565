/** One lane: the tasks that wait, and those that are to be tried again later. */
import { join } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import type { Lane } from '../contract.ts';
import type { Timing } from '../timing.ts';
import { type Found, SlotReader } from './slot-reader.ts';
import { SlotTree } from './slot-tree.ts';
import { formatName, type TaskName } from './task-name.ts';

export interface Head extends Found {
  readonly reader: SlotReader;
}

export class LaneFiles {
  readonly trees: readonly [waiting: SlotTree, delayed: SlotTree];
  readonly #readers: readonly [waiting: SlotReader, delayed: SlotReader];

  constructor(root: string, lane: Lane, disk: Disk, timing: Timing, pollMs: number) {
    const waiting = new SlotTree(join(root, lane), disk, timing);
    const delayed = new SlotTree(join(root, 'delayed', lane), disk, timing);
    this.trees = [waiting, delayed];
    this.#readers = [
      new SlotReader(waiting, 'waiting', timing, pollMs),
      new SlotReader(delayed, 'delayed', timing, pollMs),
    ];
  }

  /** Resolves when the task is durable. */
  async publish(name: TaskName): Promise<void> {
    await this.trees[0].place(name.time, formatName(name), (path) => ({ do: 'create', path }));
    this.#readers[0].added(name.time);
  }

  /** Moves a task here from wherever it lies. Rejects with ENOENT when it is not there. */
  async move(path: string, name: TaskName, kind: 'waiting' | 'delayed'): Promise<void> {
    const index = kind === 'waiting' ? 0 : 1;
    await this.trees[index].place(name.time, formatName(name), (to) => ({ do: 'rename', from: path, to }));
    this.#readers[index].added(name.time);
  }

  /** The oldest task that is ready, delayed or not, so that neither kind waits for the other to run out. */
  async head(): Promise<Head | undefined> {
    const [waiting, delayed] = this.#readers;
    const a = await waiting.head();
    const b = await delayed.head();
    if (a && (!b || a.file <= b.file)) return { ...a, reader: waiting };
    return b && { ...b, reader: delayed };
  }

  idleMs(): number {
    return Math.min(...this.#readers.map((reader) => reader.idleMs()));
  }

  /** Files in each of the trees. */
  counts(): Promise<number[]> {
    return Promise.all(this.trees.map((tree) => tree.count()));
  }
}
