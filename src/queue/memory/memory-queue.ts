/** Tasks in this process's memory: for tests and for trying things out. Nothing survives the process. */
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
import { type Claim, Dispatcher, type TaskSource } from '../dispatcher.ts';
import { Lifecycle } from '../lifecycle.ts';
import { metrics } from '../metrics.ts';
import type { DeliverySettings } from '../settings.ts';
import { systemTiming, type Timing } from '../timing.ts';

interface Entry {
  readonly task: CrashTask;
  readonly lane: Lane;
  /** Attempts already used. */
  readonly used: number;
  /** On the clock that is never set: arrival, or the end of the delay. */
  readonly due: number;
  /** Order of arrival. */
  readonly order: number;
}

interface MemoryClaim extends Claim<CrashTask> {
  readonly entry: Entry;
  readonly lost: AbortController;
}

/** Long: everything that makes a task ready in this process rings the bell. */
const IDLE_MS = 60_000;

const isChosen = (which: DeadSelection, task: CrashTask | null): boolean =>
  which === 'all' || (task !== null && which.ids.includes(task.crashId));

export interface MemoryQueueOptions {
  readonly settings: DeliverySettings;
  readonly log: Log;
  readonly timing?: Timing;
}

export class MemoryQueue implements CrashQueue {
  readonly name = 'memory';
  readonly #settings: DeliverySettings;
  readonly #log: Log;
  readonly #timing: Timing;
  readonly #bell: Bell;
  readonly #life = new Lifecycle();
  /** By due time, then arrival. */
  readonly #waiting: Record<Lane, Entry[]> = { priority: [], standard: [], reprocessing: [] };
  readonly #inHand = new Set<MemoryClaim>();
  #dead: DeadTask<CrashTask>[] = [];
  #order = 0;

  constructor(options: MemoryQueueOptions) {
    this.#settings = options.settings;
    this.#log = options.log;
    this.#timing = options.timing ?? systemTiming;
    this.#bell = new Bell(this.#timing);
  }

  publish(task: CrashTask, lane: Lane, options?: CallOptions): Promise<void> {
    return this.#life.call(options, async () => {
      checkTask(task, lane);
      this.#add(task, lane, 0);
      metrics.count('queue_published', { lane });
    });
  }

  consume(handle: Handler<CrashTask>, options: ConsumeOptions): Promise<void> {
    return this.#life.consume(options.signal, (signal) =>
      new Dispatcher(
        {
          source: this.#source(),
          bell: this.#bell,
          settings: this.#settings,
          timing: this.#timing,
          log: this.#log,
          nameOf: (task: CrashTask) => ({ crashId: task.crashId }),
        },
        handle,
        { ...options, signal },
      ).run(),
    );
  }

  depth(lane: Lane, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      const inHand = [...this.#inHand].filter((claim) => claim.lane === lane).length;
      return this.#waiting[lane].length + inHand;
    });
  }

  listDead(options?: CallOptions): AsyncIterable<DeadTask<CrashTask>> {
    return this.#life.iterate(options, () => [...this.#dead]);
  }

  requeueDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      const chosen = this.#takeDead(which);
      for (const { task, lane } of chosen) if (task) this.#add(task, lane, 0);
      return chosen.length;
    });
  }

  removeDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => this.#takeDead(which).length);
  }

  forget(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#life.call(options, async () => {
      let found = this.#takeDead({ ids: [id] }).length > 0;
      for (const entries of Object.values(this.#waiting)) {
        for (let at = entries.length - 1; at >= 0; at -= 1) {
          if (entries[at]?.task.crashId !== id) continue;
          entries.splice(at, 1);
          found = true;
        }
      }
      for (const claim of [...this.#inHand].filter((c) => c.task.crashId === id)) {
        this.#inHand.delete(claim);
        claim.lost.abort(new Error('the crash was removed'));
        found = true;
      }
      return found;
    });
  }

  health(options?: CallOptions): Promise<void> {
    return this.#life.call(options, async () => undefined);
  }

  close(_options?: CallOptions): Promise<void> {
    return this.#life.close();
  }

  #add(task: CrashTask, lane: Lane, used: number, delayMs = 0): void {
    const due = this.#timing.elapsed() + delayMs;
    this.#order += 1;
    this.#insert({ task: Object.freeze({ ...task }), lane, used, due, order: this.#order });
  }

  #insert(entry: Entry): void {
    const entries = this.#waiting[entry.lane];
    const after = entries.findLastIndex(
      (e) => e.due < entry.due || (e.due === entry.due && e.order < entry.order),
    );
    entries.splice(after + 1, 0, entry);
    this.#bell.ring();
  }

  #takeDead(which: DeadSelection): DeadTask<CrashTask>[] {
    const chosen = this.#dead.filter((dead) => isChosen(which, dead.task));
    this.#dead = this.#dead.filter((dead) => !isChosen(which, dead.task));
    return chosen;
  }

  #source(): TaskSource<CrashTask, MemoryClaim> {
    /** False when the claim was forgotten meanwhile. */
    const settle = async (claim: MemoryClaim, then?: () => void): Promise<boolean> => {
      if (!this.#inHand.delete(claim)) return false;
      then?.();
      return true;
    };
    return {
      take: async (lane) => this.#take(lane),
      idleMs: () => this.#idleMs(),
      done: (claim) => settle(claim),
      retry: (claim, delayMs, used) => settle(claim, () => this.#add(claim.task, claim.lane, used, delayMs)),
      release: (claim) => settle(claim, () => this.#insert(claim.entry)),
      bury: (claim, reason) => settle(claim, () => this.#bury(claim, reason)),
      hold: async (claim) => this.#inHand.has(claim),
      wait: async (claim) => this.#inHand.has(claim),
    };
  }

  #take(lane: Lane): MemoryClaim | undefined {
    const entry = this.#waiting[lane][0];
    if (!entry || entry.due > this.#timing.elapsed()) return undefined;
    this.#waiting[lane].shift();
    const lost = new AbortController();
    const claim = { task: entry.task, lane, attempt: entry.used + 1, signal: lost.signal, entry, lost };
    this.#inHand.add(claim);
    return claim;
  }

  #idleMs(): number {
    const heads = Object.values(this.#waiting).flatMap((entries) => entries.slice(0, 1));
    const next = Math.min(...heads.map((entry) => entry.due - this.#timing.elapsed()));
    return Math.max(0, Math.min(IDLE_MS, next));
  }

  #bury(claim: MemoryClaim, reason: string): void {
    this.#dead.push({
      task: claim.task,
      lane: claim.lane,
      attempts: claim.attempt,
      reason,
      diedAt: new Date(this.#timing.now()).toISOString(),
    });
  }
}
