/**
 * Takes one store's new crashes to another for as long as it runs: looks at the last days again and again, and remembers
 * what it moved, so that a killed one goes on where it was. What cannot be moved is tried again later, with growing pauses.
 */
import { join } from 'node:path';
import { sleep } from '../../lib/abort.ts';
import { type Clock, daysBefore, isoDay } from '../../lib/clock.ts';
import type { Disk } from '../../lib/disk.ts';
import type { Log } from '../../lib/log.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Store } from '../contract.ts';
import { Carrier } from './carrier.ts';
import { daysBetween, idPage } from './ids.ts';
import { inOrder } from './in-order.ts';
import { MovedLog } from './moved-log.ts';
import { type CrashOutcome, type Difference, describeDifference } from './outcome.ts';
import { Patience, type Pauses } from './patience.ts';
import type { Rate } from './rate.ts';
import { planMove, type Route } from './route.ts';
import { soleRun } from './sole-run.ts';

export interface MoverOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Where it remembers what it moved, for this pair of stores alone; absolute. */
  readonly folder: string;
  /** Takes each crash out of the source when it was found in the target. */
  readonly remove: boolean;
  /** How many days back it looks: crashes may come late. */
  readonly days: number;
  /** Between two looks at today's and yesterday's crashes. */
  readonly everyMs: number;
  readonly concurrency: number;
  readonly rate: Rate;
  readonly pauses: Pauses;
}

export interface Moved {
  readonly moved: number;
  readonly removed: number;
  readonly failures: readonly Difference[];
}

/** Days before yesterday are looked at so often. */
const OLD_DAYS_EVERY_MS = 3_600_000;
/** What was moved is written down at least so often: a killed mover moves it again. */
const GROUP = 200;
const GROUP_MS = 1000;
/** Failures that are kept in mind; beyond, a crash is tried again with every look. */
const MOST_FAILURES = 10_000;

/** Crashes that could not be moved, and when each may be tried again. */
class Later {
  readonly #pauses: Pauses;
  readonly #clock: Clock;
  readonly #until = new Map<CrashId, { readonly failures: number; readonly at: number }>();

  constructor(pauses: Pauses, clock: Clock) {
    this.#pauses = pauses;
    this.#clock = clock;
  }

  isDue(id: CrashId): boolean {
    const { longestMs } = this.#pauses;
    const left = (this.#until.get(id)?.at ?? 0) - this.#clock.now().getTime();
    // More than the longest pause is left only when the clock was set back meanwhile.
    return left <= 0 || left > 12 * longestMs;
  }

  failed(id: CrashId): void {
    const failures = (this.#until.get(id)?.failures ?? 0) + 1;
    const { firstMs, longestMs } = this.#pauses;
    // Longer than an outage: nobody is expected to mend a crash within seconds.
    const pauseMs = 12 * Math.min(firstMs * 2 ** Math.min(failures - 1, 30), longestMs);
    this.#until.delete(id);
    if (this.#until.size >= MOST_FAILURES) this.#forgetOldest();
    this.#until.set(id, { failures, at: this.#clock.now().getTime() + pauseMs });
  }

  succeeded(id: CrashId): void {
    this.#until.delete(id);
  }

  #forgetOldest(): void {
    for (const id of this.#until.keys()) {
      this.#until.delete(id);
      return;
    }
  }
}

export class Mover {
  readonly #route: Route;
  readonly #carrier: Carrier;
  readonly #options: MoverOptions;
  readonly #patience: Patience;
  readonly #later: Later;
  #oldDaysAt = Number.NEGATIVE_INFINITY;

  /** Throws `unsupported`, in words, when the pair cannot do it. */
  constructor(from: Store, to: Store, options: MoverOptions) {
    this.#route = planMove(from, to, options.remove);
    this.#options = options;
    this.#carrier = new Carrier(this.#route, options.rate);
    this.#patience = new Patience(options.pauses, options.log);
    this.#later = new Later(options.pauses, options.clock);
  }

  /** What it does not move or compare, and why. */
  get notes(): readonly string[] {
    return this.#route.notes;
  }

  /** One look at all the days. Rejects with `AlreadyRunningError` when another mover has this folder. */
  once(options: CallOptions): Promise<Moved> {
    return this.#alone((log) => this.#round(this.#days(true), log, options));
  }

  /** Until the signal aborts; then it rejects with `aborted`. */
  run(options: CallOptions): Promise<never> {
    return this.#alone(async (log) => {
      for (;;) {
        const now = this.#options.clock.now().getTime();
        const all = now - this.#oldDaysAt >= OLD_DAYS_EVERY_MS || now < this.#oldDaysAt;
        if (all) this.#oldDaysAt = now;
        const { moved, removed, failures } = await this.#round(this.#days(all), log, options);
        if (moved + failures.length > 0)
          this.#options.log.info({ moved, removed, failed: failures.length }, 'crashes moved');
        await sleep(this.#options.everyMs, options);
      }
    });
  }

  #alone<T>(work: (log: MovedLog) => Promise<T>): Promise<T> {
    const { disk, folder } = this.#options;
    return soleRun(disk, join(folder, 'lock'), async () => {
      const log = new MovedLog(disk, folder);
      try {
        return await work(log);
      } finally {
        await log.close();
      }
    });
  }

  /** Newest first: what is fresh is waited for. */
  #days(all: boolean): readonly string[] {
    const { clock, days } = this.#options;
    const now = clock.now();
    const back = all ? days - 1 : Math.min(1, days - 1);
    // Tomorrow, too: the clocks of collectors need not agree with this one.
    return daysBetween(isoDay(daysBefore(now, back)), isoDay(daysBefore(now, -1))).toReversed();
  }

  async #round(days: readonly string[], log: MovedLog, options: CallOptions): Promise<Moved> {
    const total = { moved: 0, removed: 0, failures: [] as Difference[] };
    for (const day of days) await this.#day(day, log, total, options);
    await log.forgetBefore(isoDay(daysBefore(this.#options.clock.now(), this.#options.days)));
    return total;
  }

  async #day(day: string, log: MovedLog, total: Total, options: CallOptions): Promise<void> {
    let after = '';
    for (let more = true; more; ) {
      const from = after;
      const page = await this.#patience.until(
        'list',
        () => idPage([this.#route.from], day, from, options),
        options,
      );
      const known = await log.among(day, new Set(page.ids));
      const fresh = page.ids.filter((id) => !known.has(id) && this.#later.isDue(id));
      await this.#crashes(day, fresh, log, total, options);
      after = page.ids.at(-1) ?? after;
      more = page.more;
    }
  }

  async #crashes(
    day: string,
    ids: readonly CrashId[],
    log: MovedLog,
    total: Total,
    options: CallOptions,
  ): Promise<void> {
    const { concurrency, rate, remove } = this.#options;
    let done: CrashId[] = [];
    let writtenAt = performance.now();
    const write = async (): Promise<void> => {
      await log.add(day, done);
      done = [];
      writtenAt = performance.now();
    };
    const work = async (id: CrashId): Promise<CrashOutcome> => {
      await rate.crash(options);
      return this.#patience.until(id, () => this.#carrier.move(id, remove, options), options);
    };
    try {
      await inOrder(ids, concurrency, work, async (outcome) => {
        if (!this.#count(outcome, total)) return;
        // What was taken out of the source is not listed again: only what stays there is remembered.
        if (!outcome.removed) done.push(outcome.id);
        if (done.length >= GROUP || performance.now() - writtenAt > GROUP_MS) await write();
      });
    } finally {
      await write();
    }
  }

  /** False when the crash is to be tried again, or has nothing to move yet. */
  #count(outcome: CrashOutcome, total: Total): boolean {
    const { id, differences, parts, removed } = outcome;
    if (differences.length > 0) {
      this.#later.failed(id);
      total.failures.push(...differences.slice(0, Math.max(0, MOST_FAILURES - total.failures.length)));
      for (const difference of differences)
        this.#options.log.error({ crash: id, day: dayOf(id) }, describeDifference(difference));
      return false;
    }
    this.#later.succeeded(id);
    // An index gets a crash when it was processed.
    if (parts.length === 0) return false;
    total.moved += 1;
    total.removed += removed ? 1 : 0;
    return true;
  }
}

interface Total {
  moved: number;
  removed: number;
  failures: Difference[];
}
