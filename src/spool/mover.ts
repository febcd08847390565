/**
 * Takes entries to the store, then to the queue; an entry is done only when both have confirmed. While an engine is down
 * nothing is tried but one entry after each growing pause, so that an outage costs neither work nor log lines.
 */
import { isAborted, raceSignal, sleep } from '../lib/abort.ts';
import type { Log } from '../lib/log.ts';
import { isDeferred, type RawCrash, type Report } from '../model/report.ts';
import type { CrashTask, Publisher } from '../queue/contract.ts';
import type { CrashStorage } from '../storage/contract.ts';
import type { Backlog, Waiting } from './backlog.ts';
import { blameOf, reasonOf } from './blame.ts';
import { spoolMetrics } from './metrics.ts';
import { DamagedError, type SpoolRecord } from './record.ts';

/** A report that fails this often while others go through is set aside. */
const FAILURES_BEFORE_ASIDE = 5;
const HEALTH_TIMEOUT_MS = 10_000;
/**
 * While uploads are being answered, so many moves are begun, and the next ones after a pause: they share their trips to
 * other threads and leave the processor to the answers (bench/collector.ts). A long line is moved at full speed again.
 */
const BURST = 16;
const BURST_PAUSE_MS = 35;
const LONG_LINE = 4096;

export type SpoolQueue = Publisher<CrashTask> & {
  health(options?: { readonly signal?: AbortSignal }): Promise<void>;
};

export interface MoverOptions {
  readonly store: CrashStorage<'report.write'>;
  readonly queue: SpoolQueue;
  readonly log: Log;
  readonly backlog: Backlog;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly pauseMs: { readonly min: number; readonly max: number };
  /** Uploads are being answered: they come first. */
  isBusy(): boolean;
  /** The report of an entry, as far as it is whole. */
  assemble(waiting: Waiting): Promise<{ readonly record: SpoolRecord; readonly report: Report }>;
  /** Keeps an entry where operators find it. */
  setAside(record: SpoolRecord, waiting: Waiting, reason: string): Promise<void>;
  /** The entry is stored and queued, or set aside, or removed. */
  done(waiting: Waiting, record: SpoolRecord): void;
}

type Result = 'moved' | 'outage' | 'failed';

export class Mover {
  readonly #o: MoverOptions;
  readonly #stop = new AbortController();
  readonly #limits = new Set<AbortController>();
  #hasGivenUp = false;
  readonly #inHand = new Set<Promise<unknown>>();
  #pause: { readonly reason: string; readonly done: Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #moved = 0;
  #begunAt = Number.NEGATIVE_INFINITY;
  #unsureInARow = 0;

  constructor(options: MoverOptions) {
    this.#o = options;
  }

  /** Why nothing is being moved; null while it is. */
  get waitingFor(): string | null {
    return this.#pause?.reason ?? null;
  }

  /** Starts as many moves as may be: called whenever there may be something to do. */
  pump(): void {
    if (this.#stop.signal.aborted || this.#pause) return;
    const now = performance.now();
    const most = this.#mostNow(now);
    let begun = 0;
    while (this.#inHand.size < most && !this.#pause) {
      const waiting = this.#o.backlog.take(now);
      if (!waiting) break;
      begun += 1;
      this.#hold(this.#move(waiting));
    }
    if (begun > 0) this.#begunAt = now;
    this.#setTimer(now);
  }

  get #isYielding(): boolean {
    return this.#o.isBusy() && this.#o.backlog.count < LONG_LINE;
  }

  #mostNow(now: number): number {
    const { concurrency } = this.#o;
    if (!this.#isYielding) return concurrency;
    return now - this.#begunAt < BURST_PAUSE_MS ? 0 : Math.min(BURST, concurrency);
  }

  /** Takes nothing more and waits for the moves in hand, at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    const giveUp = setTimeout(() => this.#abortAll(), graceMs);
    await this.#pause?.done;
    while (this.#inHand.size > 0) await Promise.all(this.#inHand);
    clearTimeout(giveUp);
  }

  #hold(work: Promise<unknown>): void {
    const held = work.finally(() => {
      this.#inHand.delete(held);
      this.pump();
    });
    this.#inHand.add(held);
  }

  #setTimer(now: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { backlog, concurrency } = this.#o;
    const pause = this.#isYielding && backlog.hasNext ? this.#begunAt + BURST_PAUSE_MS : undefined;
    const due = pause ?? backlog.nextDue;
    if (due === undefined || this.#inHand.size >= concurrency) return;
    this.#timer = setTimeout(() => this.pump(), Math.max(1, due - now));
  }

  #move(waiting: Waiting): Promise<Result> {
    const work = this.#tryToMove(waiting);
    waiting.moving = work.then(() => {
      waiting.moving = undefined;
    });
    return work;
  }

  /** Never rejects. */
  async #tryToMove(waiting: Waiting): Promise<Result> {
    const begun = performance.now();
    let record: SpoolRecord | undefined;
    try {
      const assembled = await this.#o.assemble(waiting);
      record = assembled.record;
      if (!waiting.isRemoved) await this.#deliver(waiting, assembled.report);
      this.#o.done(waiting, record);
      this.#moved += 1;
      this.#unsureInARow = 0;
      spoolMetrics.count('spool_moves_total', { result: waiting.isRemoved ? 'removed' : 'moved' });
      spoolMetrics.observe('spool_move_seconds', (performance.now() - begun) / 1000);
      return 'moved';
    } catch (error) {
      return this.#failed(waiting, record, error);
    }
  }

  async #deliver(waiting: Waiting, report: Report): Promise<void> {
    // By hand and not with AbortSignal.any and .timeout, which cost a move a tenth of its time (bench/collector.ts).
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new Error('out of time')), this.#o.timeoutMs);
    this.#limits.add(limit);
    if (this.#hasGivenUp) limit.abort();
    try {
      await this.#deliverWithin(waiting, report, limit.signal);
    } finally {
      clearTimeout(timer);
      this.#limits.delete(limit);
    }
  }

  async #deliverWithin(waiting: Waiting, report: Report, signal: AbortSignal): Promise<void> {
    if (!waiting.isStored) {
      await raceSignal(this.#o.store.saveReport(report, { signal }), signal);
      waiting.isStored = true;
    }
    // Between the two is where an erasure may have come in.
    if (isDeferred(report.raw) || waiting.isRemoved) return;
    await raceSignal(this.#o.queue.publish({ crashId: report.raw.id }, 'standard', { signal }), signal);
  }

  #abortAll(): void {
    this.#hasGivenUp = true;
    for (const limit of this.#limits) limit.abort();
  }

  async #failed(waiting: Waiting, record: SpoolRecord | undefined, error: unknown): Promise<Result> {
    const { backlog, log, concurrency } = this.#o;
    const { id } = waiting.entry;
    spoolMetrics.count('spool_moves_total', { result: reasonOf(error) });
    if (error instanceof DamagedError) {
      log.error({ err: error, crashId: id }, 'spool: a report cannot be read; its segment is kept');
      spoolMetrics.count('spool_damaged_total', { what: 'record' });
      backlog.remove(waiting);
      return 'failed';
    }
    const blame = blameOf(error);
    if (blame === 'unsure') this.#unsureInARow += 1;
    const isOutage = blame === 'outage' || this.#unsureInARow > concurrency * 2;
    if (isOutage) {
      backlog.putBack(waiting);
      this.#startPause(error);
      return 'outage';
    }
    if (waiting.failures === 0) waiting.movedBefore = this.#moved;
    waiting.failures += 1;
    const othersWent = this.#moved > waiting.movedBefore;
    if (record && (blame === 'report' || (othersWent && waiting.failures >= FAILURES_BEFORE_ASIDE))) {
      if (await this.#setAside(waiting, record, error)) return 'failed';
    }
    const { min, max } = this.#o.pauseMs;
    backlog.putOff(waiting, performance.now() + Math.min(max, min * 2 ** Math.min(waiting.failures, 20)));
    log.warn({ err: error, crashId: id, failures: waiting.failures }, 'spool: a report is tried again later');
    return 'failed';
  }

  async #setAside(waiting: Waiting, record: SpoolRecord, error: unknown): Promise<boolean> {
    const reason = error instanceof Error ? error.message : String(error);
    try {
      await this.#o.setAside(record, waiting, reason);
    } catch (failure) {
      this.#o.log.error({ err: failure, crashId: waiting.entry.id }, 'spool: a report cannot be set aside');
      return false;
    }
    this.#o.log.error({ err: error, crashId: waiting.entry.id }, 'spool: a report is set aside');
    this.#o.done(waiting, record);
    return true;
  }

  #startPause(error: unknown): void {
    if (this.#pause || this.#stop.signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#o.log.warn({ err: error, waiting: this.#o.backlog.count }, 'spool: reports wait');
    const done = this.#waitForEngines();
    this.#pause = { reason, done };
  }

  /** Ends when one entry went through, or nothing is left to try. Never rejects. */
  async #waitForEngines(): Promise<void> {
    const begun = performance.now();
    const { min, max } = this.#o.pauseMs;
    for (let pause = min; ; pause = Math.min(max, pause * 2)) {
      try {
        // Spread, so that many collectors do not come back in step.
        await sleep(pause * (0.75 + Math.random() / 2), { signal: this.#stop.signal });
      } catch {
        break;
      }
      if ((await this.#isHealthy()) && (await this.#tryOne()) !== 'outage') break;
    }
    this.#pause = undefined;
    this.#unsureInARow = 0;
    if (this.#stop.signal.aborted) return;
    this.#o.log.info({ seconds: (performance.now() - begun) / 1000 }, 'spool: reports move again');
    this.pump();
  }

  async #tryOne(): Promise<Result | 'none'> {
    const waiting = this.#o.backlog.take(performance.now());
    return waiting ? this.#move(waiting) : 'none';
  }

  async #isHealthy(): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(HEALTH_TIMEOUT_MS)]);
    try {
      await raceSignal(
        Promise.all([this.#o.store.health({ signal }), this.#o.queue.health({ signal })]),
        signal,
      );
      return true;
    } catch (error) {
      if (!isAborted(error) || !this.#stop.signal.aborted) {
        this.#o.log.debug({ err: error }, 'spool: an engine is still down');
      }
      return false;
    }
  }
}

/** The annotations of a report whose dumps are not all there any more, with a note for whoever reads the crash. */
export function withoutDumps(raw: RawCrash, lost: readonly { readonly size: number }[]): RawCrash {
  const { metadata } = raw;
  const notes = [
    ...metadata.notes,
    ...lost.map(({ size }) => `spool: a dump of ${size} bytes was lost on the disk`),
  ];
  const outcome = metadata.outcome === 'deferred' ? 'deferred' : 'truncated';
  return Object.freeze({
    ...raw,
    metadata: Object.freeze({ ...metadata, notes: Object.freeze(notes), outcome }),
  });
}
