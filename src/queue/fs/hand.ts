/**
 * The tasks that one consumer has in hand: files in a folder of its own, with a lease that is renewed while it lives.
 * Whoever finds the lease run out takes the whole folder away by renaming it: then nothing this consumer still does
 * can reach its former tasks, however late it wakes up.
 */
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isAborted } from '../../lib/abort.ts';
import { type Disk, listFolder } from '../../lib/disk.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashTask, Lane } from '../contract.ts';
import type { Claim } from '../dispatcher.ts';
import type { Timing } from '../timing.ts';
import { newOwner } from './owner.ts';
import { formatName, type TaskName } from './task-name.ts';

export const LEASE = 'lease';
/** Nobody works on it: taking it back uses no attempt. */
export const HELD = 'held.';
/** On its way to the dead; out of reach of `forget`, so that writing its reason cannot bring it back. */
export const DYING = 'dying.';

export interface FsClaim extends Claim<CrashTask> {
  readonly lane: Lane;
  readonly name: TaskName;
  readonly folder: string;
  readonly lost: AbortController;
  /** Its present name in the folder. */
  file: string;
}

export interface HandOptions {
  /** Folder of all owners' folders. */
  readonly root: string;
  readonly leaseMs: number;
  readonly disk: Disk;
  readonly timing: Timing;
  readonly log: Log;
}

/** The task's name of a file in an owner's folder. */
export const withoutMark = (file: string): string =>
  file.startsWith(HELD) ? file.slice(HELD.length) : file.startsWith(DYING) ? file.slice(DYING.length) : file;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

export class Hand {
  readonly #options: HandOptions;
  readonly #claims = new Map<string, FsClaim>();
  #owner = '';
  #renewing: Promise<void> | undefined;

  constructor(options: HandOptions) {
    this.#options = options;
  }

  get owner(): string {
    return this.#owner;
  }

  get folder(): string {
    return join(this.#options.root, this.#owner);
  }

  /** Makes the folder and its lease. */
  async open(): Promise<void> {
    const { disk, root } = this.#options;
    const owner = newOwner();
    await disk.makeFolder(join(root, owner));
    const lease = await disk.open(join(root, owner, LEASE), 'create');
    await lease.close();
    this.#owner = owner;
  }

  /** Renews the lease until the signal aborts; failures are logged and tried again. */
  async keep(signal: AbortSignal): Promise<void> {
    const { timing, leaseMs, log } = this.#options;
    for (;;) {
      try {
        await timing.sleep(leaseMs / 4, { signal });
      } catch (error) {
        if (isAborted(error)) return;
        throw error;
      }
      try {
        await this.renew();
      } catch (error) {
        log.error({ err: error }, 'the lease of the tasks in hand could not be renewed');
      }
    }
  }

  /** Calls that come while one runs share it. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const now = new Date(this.#options.timing.now());
    try {
      await utimes(join(this.folder, LEASE), now, now);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return this.#startAnew();
    }
    await this.#dropMissing();
  }

  /** Takes a file in hand. Undefined when it is not there any more. */
  async take(path: string, name: TaskName & { readonly task: CrashTask }): Promise<FsClaim | undefined> {
    const file = formatName(name);
    const { folder } = this;
    try {
      await this.#options.disk.rename(path, join(folder, file));
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.renew();
      return undefined;
    }
    const lost = new AbortController();
    const { task, lane, used, isSuspect } = name;
    const attempt = used + 1;
    const claim: FsClaim = { task, lane, attempt, isSuspect, signal: lost.signal, name, folder, lost, file };
    this.#claims.set(file, claim);
    return claim;
  }

  /**
   * Moves a claim's file, or removes it, and lets go of it. False when it was not ours any more.
   * Rejects when the disk failed: then it is still in hand.
   */
  async letGo(claim: FsClaim, move: (path: string) => Promise<void>): Promise<boolean> {
    if (claim.signal.aborted) return false;
    try {
      await move(join(claim.folder, claim.file));
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#lose(claim, 'the task was taken away');
      return false;
    }
    this.#claims.delete(formatName(claim.name));
    return true;
  }

  /** Gives a claim's file another prefix. False when it was not ours any more. */
  async mark(claim: FsClaim, prefix: '' | typeof HELD | typeof DYING): Promise<boolean> {
    const file = `${prefix}${formatName(claim.name)}`;
    if (file === claim.file) return !claim.signal.aborted;
    try {
      await this.#options.disk.rename(join(claim.folder, claim.file), join(claim.folder, file));
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#lose(claim, 'the task was taken away');
      return false;
    }
    claim.file = file;
    return true;
  }

  /** The tasks of this crash are no longer ours to do. */
  lose(isLost: (claim: FsClaim) => boolean, why: string): void {
    for (const claim of [...this.#claims.values()]) if (isLost(claim)) this.#lose(claim, why);
  }

  /** Removes lease and folder. Tasks that could not be put down stay there and are taken back by others. */
  async close(): Promise<void> {
    const { disk } = this.#options;
    if (this.#claims.size > 0 || this.#owner === '') return;
    try {
      const left = (await listFolder(this.folder)).filter((file) => file !== LEASE);
      if (left.length === 0) await disk.removeFolder(this.folder);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  #lose(claim: FsClaim, why: string): void {
    this.#claims.delete(formatName(claim.name));
    claim.lost.abort(new Error(why));
  }

  /** The folder was taken away: the tasks belong to others now. */
  async #startAnew(): Promise<void> {
    this.#options.log.warn(
      { inHand: this.#claims.size },
      'the lease was lost: others take over the tasks in hand',
    );
    this.lose(() => true, 'the lease was lost');
    await this.open();
  }

  /** Another process may have removed the crash of a task in hand. */
  async #dropMissing(): Promise<void> {
    if (this.#claims.size === 0) return;
    const before = [...this.#claims.values()];
    const files = new Set((await listFolder(this.folder)).map(withoutMark));
    for (const claim of before) {
      const file = formatName(claim.name);
      if (!files.has(file) && this.#claims.get(file) === claim) this.#lose(claim, 'the task was removed');
    }
  }
}
