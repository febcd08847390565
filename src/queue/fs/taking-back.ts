/** Tasks of consumers that died come back: at once when the process is known to be gone, else after its lease. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isAborted } from '../../lib/abort.ts';
import { type Disk, listFolder } from '../../lib/disk.ts';
import type { Log } from '../../lib/log.ts';
import { metrics } from '../metrics.ts';
import type { Timing } from '../timing.ts';
import { HELD, LEASE, withoutMark } from './hand.ts';
import { isKnownDead, newOwner } from './owner.ts';
import { parseName, type TaskName } from './task-name.ts';

/** What becomes of a task that was found in a dead consumer's hand. Each rejects with ENOENT when it is gone. */
export interface TakenBack {
  release(path: string, name: TaskName): Promise<void>;
  /** The process died with it in hand. */
  died(path: string, name: TaskName): Promise<void>;
  /** Something that is no task. */
  unreadable(path: string, file: string): Promise<void>;
}

export interface TakingBackOptions {
  readonly root: string;
  readonly leaseMs: number;
  readonly disk: Disk;
  readonly timing: Timing;
  readonly log: Log;
  readonly onTask: TakenBack;
}

interface Seen {
  readonly mtimeMs: number;
  /** For how long, on our own clock, the lease has been seen not to change. */
  readonly ageMs: number;
  readonly at: number;
}

/** How often others are looked at, at least. */
const LOOK_MS = 5_000;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

export class TakingBack {
  readonly #options: TakingBackOptions;
  readonly #everyMs: number;
  #seen = new Map<string, Seen>();

  constructor(options: TakingBackOptions) {
    this.#options = options;
    this.#everyMs = Math.min(LOOK_MS, options.leaseMs / 4);
  }

  /** Looks now and then until the signal aborts; failures are logged and tried again. */
  async keep(isOwn: (owner: string) => boolean, signal: AbortSignal): Promise<void> {
    const { timing, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.look(isOwn);
      } catch (error) {
        log.error({ err: error }, 'tasks of dead consumers could not be taken back');
      }
      try {
        await timing.sleep(this.#everyMs, { signal });
      } catch (error) {
        if (!isAborted(error)) throw error;
      }
    }
  }

  async look(isOwn: (owner: string) => boolean): Promise<void> {
    const owners = await listFolder(this.#options.root);
    const seen = new Map<string, Seen>();
    for (const owner of owners) {
      if (isOwn(owner)) continue;
      if (isKnownDead(owner)) {
        await this.#takeBack(owner);
        continue;
      }
      const now = await this.#observe(owner);
      if (now.ageMs >= this.#options.leaseMs) await this.#takeBack(owner);
      else seen.set(owner, now);
    }
    this.#seen = seen;
  }

  /**
   * Clocks of several machines differ and are set, so the lease's time is only ever compared with itself: it has run
   * out when we have watched it unchanged for its whole length. Time in which we ourselves did not look (a suspended
   * machine, a blocked process) says nothing about others and does not count.
   */
  async #observe(owner: string): Promise<Seen> {
    const at = this.#options.timing.elapsed();
    const mtimeMs = await this.#mtimeOf(join(this.#options.root, owner, LEASE));
    const before = this.#seen.get(owner);
    if (!before || before.mtimeMs !== mtimeMs) return { mtimeMs, ageMs: 0, at };
    return { mtimeMs, ageMs: before.ageMs + Math.min(at - before.at, 2 * this.#everyMs), at };
  }

  /** A folder without a lease is being made or removed, or was left so by a crash: it ages like any other. */
  async #mtimeOf(path: string): Promise<number> {
    try {
      return (await stat(path)).mtimeMs;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  /** Renamed under a name of our own first: of several who want it one gets it, and if we die here it is taken from us. */
  async #takeBack(owner: string): Promise<void> {
    const { root, log, disk } = this.#options;
    const folder = join(root, newOwner());
    try {
      await disk.rename(join(root, owner), folder);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    const files = (await listFolder(folder)).filter((file) => file !== LEASE);
    if (files.length > 0)
      log.warn({ owner, tasks: files.length }, 'taking back the tasks of a dead consumer');
    for (const file of files) await this.#putBack(join(folder, file), file);
    await disk.removeFolder(folder);
  }

  async #putBack(path: string, file: string): Promise<void> {
    const { onTask } = this.#options;
    const name = parseName(withoutMark(file));
    try {
      if (!name?.task) await onTask.unreadable(path, file);
      else if (file.startsWith(HELD)) await onTask.release(path, name);
      else await onTask.died(path, name);
      metrics.count('queue_taken_back');
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}
