/**
 * What all queues have in common: from tasks in lanes to handlers and back. A backend says how a task is taken and
 * put down (`TaskSource`); order of lanes, attempts, back-off, pauses and stopping are decided here, once.
 */
import { isAborted } from '../lib/abort.ts';
import { Semaphore } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import { AtWork } from './at-work.ts';
import type { Bell } from './bell.ts';
import type { ConsumeOptions, Delivery, Handler, Lane, Outcome } from './contract.ts';
import { LaneOrder } from './lane-order.ts';
import { metrics } from './metrics.ts';
import { Pause } from './pause.ts';
import type { DeliverySettings } from './settings.ts';
import { growingPause, type Timing } from './timing.ts';

/** A task in hand. */
export interface Claim<T> extends Delivery<T> {
  /** Aborts when the task is no longer ours. */
  readonly signal: AbortSignal;
  /** A process died with it in hand: it is handled alone. */
  readonly isSuspect?: boolean;
}

/** How a backend takes tasks and puts them down. All but `take` resolve with false when the claim was lost meanwhile. */
export interface TaskSource<T, C extends Claim<T>> {
  /** The next task of the lane that is ready; undefined when there is none. */
  take(lane: Lane): Promise<C | undefined>;
  /** Milliseconds until it is worth looking again without a ring of the bell. */
  idleMs(): number;
  done(claim: C): Promise<boolean>;
  /** Back into its lane after `delayMs`; `used` attempts are used now. */
  retry(claim: C, delayMs: number, used: number): Promise<boolean>;
  /** Back into its lane as if it had never been taken. */
  release(claim: C): Promise<boolean>;
  bury(claim: C, reason: string): Promise<boolean>;
  /** Still in hand, but nobody works on it: dying now uses no attempt. `false` undoes it. */
  hold(claim: C, held: boolean): Promise<boolean>;
  /**
   * Still in hand, and not begun before others are done. Where the backend can note that, dying now uses no attempt.
   * `false` undoes it.
   */
  wait(claim: C, waiting: boolean): Promise<boolean>;
}

export interface DispatcherParts<T, C extends Claim<T>> {
  readonly source: TaskSource<T, C>;
  readonly bell: Bell;
  readonly settings: DeliverySettings;
  readonly timing: Timing;
  readonly log: Log;
  /** Fields that name a task in the log. */
  readonly nameOf: (task: T) => Readonly<Record<string, unknown>>;
}

const WORD = /^[\w.:-]{1,64}$/;

/** The reason of a throw: a code or a class, never a message, because messages may hold client data. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'threw something that is no error';
  const { code } = error as { readonly code?: unknown };
  const words = [code, error.name].filter((word) => typeof word === 'string' && WORD.test(word));
  return String(words[0] ?? 'Error');
}

const isRetryable = (error: unknown): boolean =>
  error instanceof Error && (error as { readonly retryable?: unknown }).retryable === true;

/** One call of `consume`. */
export class Dispatcher<T, C extends Claim<T>> {
  readonly #parts: DispatcherParts<T, C>;
  readonly #handle: Handler<T>;
  readonly #options: ConsumeOptions;
  readonly #lanes = new LaneOrder();
  readonly #oneTaker = new Semaphore(1);
  readonly #atWork = new AtWork();
  readonly #pause: Pause;

  constructor(parts: DispatcherParts<T, C>, handle: Handler<T>, options: ConsumeOptions) {
    this.#parts = parts;
    this.#handle = handle;
    this.#options = options;
    this.#pause = new Pause({
      base: parts.settings.postpone_base,
      cap: parts.settings.postpone_cap,
      timing: parts.timing,
      log: parts.log,
      signal: options.signal,
      resume: options.resume,
    });
  }

  /** Resolves when the signal has aborted and nothing is in hand any more. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: Math.max(1, this.#options.concurrency) }, () => this.#work()));
  }

  async #work(): Promise<void> {
    while (!this.#options.signal.aborted) {
      await this.#pause.over();
      const claim = await this.#oneTaker.run(() => this.#nextInCompany());
      if (claim) await this.#serve(claim);
    }
  }

  /** The next task that others may be handled beside. A suspect is handled here, while nobody takes anything. */
  async #nextInCompany(): Promise<C | undefined> {
    const claim = await this.#next();
    if (!claim) return undefined;
    this.#atWork.begin();
    if (claim.isSuspect !== true) return claim;
    if (await this.#becomesAlone(claim)) await this.#serve(claim);
    else this.#atWork.end();
    return undefined;
  }

  /** False when it is not to be handled here any more. */
  async #becomesAlone(claim: C): Promise<boolean> {
    const { source, log, nameOf } = this.#parts;
    if (this.#atWork.count > 1) {
      if (!(await this.#firmly('wait', () => source.wait(claim, true)))) return false;
      await this.#atWork.untilAlone();
      if (this.#options.signal.aborted) {
        await this.#firmly('release', () => source.release(claim));
        return false;
      }
      if (!(await this.#firmly('wait', () => source.wait(claim, false)))) return false;
    }
    const fields = { ...nameOf(claim.task), lane: claim.lane, attempt: claim.attempt };
    log.info(fields, 'a process died with this task in hand: it is tried alone');
    return true;
  }

  /** Undefined only when it is time to stop, or a pause began. */
  async #next(): Promise<C | undefined> {
    const { bell, source } = this.#parts;
    const { signal } = this.#options;
    while (!signal.aborted && !this.#pause.isOn) {
      const ring = bell.next;
      const claim = await this.#takeAny();
      if (claim && signal.aborted) await this.#firmly('release', () => source.release(claim));
      else if (claim) return claim;
      await bell.wait(ring, source.idleMs(), signal);
    }
    return undefined;
  }

  async #takeAny(): Promise<C | undefined> {
    const empty = new Set<Lane>();
    for (const lane of this.#lanes.next()) {
      const claim = await this.#take(lane);
      if (claim) {
        this.#lanes.served(lane, empty);
        return claim;
      }
      empty.add(lane);
      this.#lanes.empty(lane);
    }
    return undefined;
  }

  /** A lane that cannot be read now is an empty one: it is looked at again, and the others go on. */
  async #take(lane: Lane): Promise<C | undefined> {
    try {
      return await this.#parts.source.take(lane);
    } catch (error) {
      metrics.count('queue_errors', { operation: 'take' });
      this.#parts.log.error({ err: error, lane }, 'the queue cannot be read');
      return undefined;
    }
  }

  async #serve(claim: C): Promise<void> {
    try {
      for (;;) {
        const outcome = await this.#call(claim);
        const isOver = outcome.kind !== 'postpone' || outcome.delayMs !== undefined;
        if (isOver || claim.signal.aborted) return await this.#settle(claim, outcome);
        if (!(await this.#waitInHand(claim, outcome))) return;
      }
    } finally {
      this.#atWork.end();
    }
  }

  async #call(claim: C): Promise<Outcome> {
    const { task, lane, attempt, signal } = claim;
    try {
      return await this.#handle({ task, lane, attempt }, { signal });
    } catch (error) {
      if (signal.aborted) return { kind: 'postpone', reason: 'lease lost' };
      this.#parts.log.error({ ...this.#parts.nameOf(task), err: error }, 'a handler threw');
      return { kind: isRetryable(error) ? 'postpone' : 'retry', reason: reasonOf(error) };
    }
  }

  /** True when the same task is to be handled again; false when it was given back because the consumer stops. */
  async #waitInHand(claim: C, { reason }: Outcome & { readonly kind: 'postpone' }): Promise<boolean> {
    const { source } = this.#parts;
    metrics.count('queue_settled', { lane: claim.lane, outcome: 'postponed' });
    if (!(await this.#firmly('hold', () => source.hold(claim, true)))) return false;
    await this.#pause.begin(reason);
    if (this.#options.signal.aborted) {
      await this.#firmly('release', () => source.release(claim));
      return false;
    }
    return this.#firmly('hold', () => source.hold(claim, false));
  }

  async #settle(claim: C, outcome: Outcome): Promise<void> {
    const { log, nameOf } = this.#parts;
    const verdict = this.#verdict(claim, outcome);
    const isOurs = await this.#firmly(verdict.operation, verdict.apply);
    metrics.count('queue_settled', { lane: claim.lane, outcome: isOurs ? verdict.operation : 'lost' });
    const fields = { ...nameOf(claim.task), lane: claim.lane, attempt: claim.attempt };
    if (!isOurs) log.warn(fields, 'the task was no longer ours when its handler ended');
    else if (outcome.kind === 'done') this.#pause.wentWell();
    else log.warn({ ...fields, reason: outcome.reason }, verdict.says);
  }

  #verdict(
    claim: C,
    outcome: Outcome,
  ): { readonly operation: string; readonly says: string; readonly apply: () => Promise<boolean> } {
    const { source, settings, timing } = this.#parts;
    if (outcome.kind === 'done') return { operation: 'done', says: 'done', apply: () => source.done(claim) };
    if (outcome.kind === 'postpone') {
      const { delayMs } = outcome;
      if (delayMs === undefined || claim.signal.aborted)
        return { operation: 'release', says: 'the task was given back', apply: () => source.release(claim) };
      const apply = (): Promise<boolean> => source.retry(claim, delayMs, claim.attempt - 1);
      return { operation: 'postponed', says: 'the task stands aside', apply };
    }
    const { reason } = outcome;
    if (outcome.kind === 'dead' || claim.attempt >= settings.max_attempts) {
      return { operation: 'bury', says: 'the task is dead', apply: () => source.bury(claim, reason) };
    }
    const delay =
      outcome.delayMs ?? growingPause(claim.attempt, settings.retry_base, settings.retry_cap, timing.random);
    return {
      operation: 'retry',
      says: 'the task will be tried again',
      apply: () => source.retry(claim, delay, claim.attempt),
    };
  }

  /**
   * Until it works or the consumer stops: work that was done must not be done again because a disk was full for a
   * moment. When it stops first the task stays claimed, and whoever comes next takes it back.
   */
  async #firmly(operation: string, apply: () => Promise<boolean>): Promise<boolean> {
    const { timing, log, settings } = this.#parts;
    for (let step = 1; ; step += 1) {
      try {
        return await apply();
      } catch (error) {
        metrics.count('queue_errors', { operation });
        log.error({ err: error, operation }, 'the queue could not note what became of a task');
      }
      try {
        const pause = growingPause(step, settings.postpone_base, settings.postpone_cap, timing.random);
        await timing.sleep(pause, { signal: this.#options.signal });
      } catch (error) {
        if (isAborted(error)) return false;
        throw error;
      }
    }
  }
}
