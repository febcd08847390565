/** The dead-letter lane: tasks by the time they died, each file holding why, one line of JSON per death. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import type { CrashTask, DeadSelection, DeadTask } from '../contract.ts';
import type { Timing } from '../timing.ts';
import type { SlotTree } from './slot-tree.ts';
import { formatName, parseName, type TaskName } from './task-name.ts';

interface Death {
  readonly at: string;
  readonly reason: string;
  readonly found?: string;
}

interface Grave {
  readonly path: string;
  readonly name: TaskName;
}

const MAX_REASON = 2_000;
/** Holds the longest reason there can be, in JSON; what is no task may be a file of any size. */
const END_BYTES = 32 * 1024;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

export class DeadLetters {
  readonly #tree: SlotTree;
  readonly #disk: Disk;
  readonly #timing: Timing;

  constructor(tree: SlotTree, disk: Disk, timing: Timing) {
    this.#tree = tree;
    this.#disk = disk;
    this.#timing = timing;
  }

  /** Moves a file here with its reason. Rejects with ENOENT when it is not there. */
  async bury(path: string, name: TaskName, reason: string, found?: string): Promise<void> {
    const now = this.#timing.now();
    const death: Death = {
      at: new Date(now).toISOString(),
      reason: reason.slice(0, MAX_REASON),
      ...(found === undefined ? {} : { found }),
    };
    const file = await this.#disk.open(path, 'append');
    try {
      await file.write(Buffer.from(`\n${JSON.stringify(death)}\n`));
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#tree.place(now, formatName({ ...name, time: now }), (to) => ({
      do: 'rename',
      from: path,
      to,
    }));
  }

  async *list(): AsyncGenerator<DeadTask<CrashTask>> {
    for await (const grave of this.#graves()) {
      const death = await this.#deathOf(grave);
      if (!death) continue;
      yield {
        task: grave.name.task,
        ...(death.found === undefined ? {} : { found: death.found }),
        lane: grave.name.lane,
        attempts: grave.name.used,
        reason: death.reason,
        diedAt: death.at,
      };
    }
  }

  /** Hands each chosen grave to `move`, which takes the file away; how many were there to take. */
  async take(which: DeadSelection, move: (path: string, name: TaskName) => Promise<void>): Promise<number> {
    let taken = 0;
    const ids = which === 'all' ? undefined : new Set(which.ids);
    for await (const { path, name } of this.#graves()) {
      if (ids && !(name.task && ids.has(name.task.crashId))) continue;
      try {
        await move(path, name);
        taken += 1;
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return taken;
  }

  async *#graves(): AsyncGenerator<Grave> {
    for await (const slot of this.#tree.slots()) {
      for (const file of await this.#tree.entries(slot)) {
        const name = parseName(file);
        if (name) yield { path: join(slot.path, file), name };
      }
    }
  }

  /** Undefined when the file is gone. A reason that a power cut tore is said to be lost; the task is not. */
  async #deathOf(grave: Grave): Promise<Death | undefined> {
    let text: string;
    try {
      text = await readEnd(grave.path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    return parseDeath(text) ?? { at: new Date(grave.name.time).toISOString(), reason: 'the reason was lost' };
  }
}

async function readEnd(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, END_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function parseDeath(text: string): Death | undefined {
  try {
    const value: unknown = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
    if (typeof value !== 'object' || value === null) return undefined;
    const { at, reason, found } = value as Readonly<Record<string, unknown>>;
    if (typeof at !== 'string' || typeof reason !== 'string') return undefined;
    return typeof found === 'string' ? { at, reason, found } : { at, reason };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
