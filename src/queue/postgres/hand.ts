/**
 * The tasks that one consumer has in hand. Each is claimed in its row, with a lease that is renewed while the consumer
 * lives; who finds one run out takes the task back, and then nothing this consumer still does can reach it.
 */
import { randomUUID } from 'node:crypto';
import { isAborted } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashTask, Lane } from '../contract.ts';
import type { Claim } from '../dispatcher.ts';
import { metrics } from '../metrics.ts';
import type { Timing } from '../timing.ts';
import type { PostgresQueueSettings } from './settings.ts';
import type { TaskTable } from './task-table.ts';

export interface PostgresClaim extends Claim<CrashTask> {
  readonly key: string;
  readonly lost: AbortController;
}

export interface HandOptions {
  readonly tasks: TaskTable;
  readonly settings: PostgresQueueSettings;
  readonly timing: Timing;
  readonly log: Log;
  /** Tasks were taken back. */
  onTakenBack(): void;
}

export class Hand {
  readonly #options: HandOptions;
  readonly #claims = new Map<string, PostgresClaim>();
  /** Claims whose answer never came: whether there is such a task nobody knows. */
  readonly #doubtful = new Set<string>();

  constructor(options: HandOptions) {
    this.#options = options;
  }

  async take(lane: Lane): Promise<PostgresClaim | undefined> {
    const { tasks, settings } = this.#options;
    const key = randomUUID();
    try {
      const taken = await tasks.take(lane, key, settings.lease);
      if (!taken) return undefined;
      const lost = new AbortController();
      const { task, used, isSuspect } = taken;
      const claim = { task, lane, attempt: used + 1, isSuspect, signal: lost.signal, key, lost };
      this.#claims.set(key, claim);
      return claim;
    } catch (error) {
      // Nobody works on it: its lease must not run out and use an attempt.
      this.#doubtful.add(key);
      throw error;
    }
  }

  /** Puts a task down. False when it was not ours any more; rejects when it is still in hand. */
  async letGo(claim: PostgresClaim, apply: (key: string) => Promise<boolean>): Promise<boolean> {
    if (claim.signal.aborted) return false;
    const isOurs = await apply(claim.key);
    this.#claims.delete(claim.key);
    return isOurs;
  }

  async hold(claim: PostgresClaim, held: boolean): Promise<boolean> {
    if (claim.signal.aborted) return false;
    if (await this.#options.tasks.hold(claim.key, held)) return true;
    this.#lose(claim, 'the task was taken away');
    return false;
  }

  lose(isLost: (claim: PostgresClaim) => boolean, why: string): void {
    for (const claim of [...this.#claims.values()]) if (isLost(claim)) this.#lose(claim, why);
  }

  /** Renews leases and takes back what others lost, until the signal aborts; failures are logged and tried again. */
  async keep(signal: AbortSignal): Promise<void> {
    const { settings, timing, log } = this.#options;
    for (;;) {
      try {
        await this.#settleDoubts();
        await this.#renew();
        await this.#takeBack();
      } catch (error) {
        metrics.count('queue_errors', { operation: 'renew' });
        log.error({ err: error }, 'the leases of the tasks in hand could not be renewed');
      }
      try {
        // Not all consumers at the same moment.
        await timing.sleep((settings.lease / 4) * (0.75 + timing.random() / 4), { signal });
      } catch (error) {
        if (isAborted(error)) return;
        throw error;
      }
    }
  }

  async #renew(): Promise<void> {
    const before = [...this.#claims.values()];
    if (before.length === 0) return;
    const { tasks, settings } = this.#options;
    const ours = await tasks.renew(
      before.map(({ key }) => key),
      settings.lease,
    );
    for (const claim of before)
      if (!ours.has(claim.key) && this.#claims.has(claim.key)) this.#lose(claim, 'the task was taken away');
  }

  async #takeBack(): Promise<void> {
    const { tasks, settings, log, onTakenBack } = this.#options;
    const count = await tasks.takeBack(settings);
    if (count === 0) return;
    log.warn({ tasks: count }, 'tasks of dead consumers were taken back');
    metrics.count('queue_taken_back', {}, count);
    onTakenBack();
  }

  async #settleDoubts(): Promise<void> {
    for (const key of [...this.#doubtful]) {
      if (await this.#options.tasks.release(key)) this.#options.onTakenBack();
      this.#doubtful.delete(key);
    }
  }

  #lose(claim: PostgresClaim, why: string): void {
    this.#claims.delete(claim.key);
    claim.lost.abort(new Error(why));
  }
}
