/** Runs what is due, dependencies first, as many at once as may be, whichever process gets to it. */
import { DatabaseError } from '../database/errors.ts';
import { sleep } from '../lib/abort.ts';
import { DAY_MS, daysBefore } from '../lib/clock.ts';
import { type Jobs, pendingPeriod, verdictOf } from './due.ts';
import type { Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';
import { JobRunner, type PeriodsResult, type RunnerDeps } from './job-runner.ts';
import type { JobState } from './job-state.ts';

export interface LoopDeps extends RunnerDeps {
  /** Sorted: each after those it depends on. */
  readonly jobs: readonly ScheduledJob[];
  /** Jobs at once in this process. */
  readonly concurrency: number;
  /** Between two looks at what is due. */
  readonly tickMs: number;
  /** Runs are forgotten after so many days; 0: never. */
  readonly logDays: number;
}

type States = ReadonlyMap<string, JobState>;

export class CronLoop {
  readonly jobs: readonly ScheduledJob[];
  readonly runner: JobRunner;
  readonly #deps: LoopDeps;
  readonly #byName: Jobs;
  readonly #quiet = Promise.withResolvers<void>();
  readonly #running = new Map<string, Promise<void>>();
  #forgottenAt = 0;

  constructor(deps: LoopDeps) {
    this.#deps = deps;
    this.jobs = deps.jobs;
    this.#byName = new Map(deps.jobs.map((job) => [job.name, job]));
    this.runner = new JobRunner(deps);
  }

  /** Ends when `signal` aborts. A database that is down is asked again at the next tick. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const idle = new Set<string>();
    let nextTick = performance.now();
    try {
      while (!signal.aborted) {
        if (performance.now() >= nextTick) {
          idle.clear();
          nextTick = performance.now() + this.#deps.tickMs;
        }
        await this.#patientPass(idle, signal);
        if (this.#running.size === 0) this.#quiet.resolve();
        await this.#untilNext(nextTick, signal);
      }
    } finally {
      this.#quiet.resolve();
      await Promise.allSettled(this.#running.values());
      this.runner.end();
    }
  }

  /** Resolves when `run` finds for the first time that nothing is due and nothing runs, and when it ends. */
  get quiet(): Promise<void> {
    return this.#quiet.promise;
  }

  /** Runs what is due, each job once; a job that fails does not stop the others. Resolves with those that were done. */
  async runDue({ signal }: { readonly signal: AbortSignal }): Promise<readonly string[]> {
    const started = new Set<string>();
    const ran: string[] = [];
    try {
      for (;;) {
        signal.throwIfAborted();
        await this.#pass(started, signal, (job, result) => {
          if (result.done.length > 0 || result.ended === 'failed') ran.push(job.name);
        });
        if (this.#running.size === 0) return ran;
        await Promise.race(this.#running.values());
      }
    } finally {
      await Promise.allSettled(this.#running.values());
      this.runner.end();
    }
  }

  async #patientPass(idle: Set<string>, signal: AbortSignal): Promise<void> {
    try {
      await this.#pass(idle, signal, (job, { done }) => {
        // A job that did something may be due again at once; one that could not is looked at again at the next tick.
        if (done.length > 0) idle.delete(job.name);
      });
    } catch (error) {
      if (!(error instanceof DatabaseError) || signal.aborted) throw error;
      this.#deps.log.error({ err: error }, 'the jobs wait for the database');
    }
  }

  async #untilNext(nextTick: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const pause = sleep(Math.max(0, nextTick - performance.now()), {
      signal: AbortSignal.any([signal, over.signal]),
    }).catch(() => undefined);
    await Promise.race([pause, ...this.#running.values()]);
    over.abort();
  }

  /** Starts what is due and not in `passed`, and adds it there. */
  async #pass(
    passed: Set<string>,
    signal: AbortSignal,
    onEnd: (job: ScheduledJob, result: PeriodsResult) => void,
  ): Promise<void> {
    if (this.jobs.length === 0) return;
    const { concurrency } = this.#deps;
    const states = await this.loadStates();
    for (const job of this.jobs) {
      if (this.#running.size >= concurrency) return;
      if (passed.has(job.name) || this.#running.has(job.name) || !this.#isDue(job, states)) continue;
      passed.add(job.name);
      this.#start(job, signal, onEnd);
    }
    await this.#forgetOldRuns();
  }

  /** Of the configured jobs and of others; jobs that were not known are from now on. */
  async loadStates(): Promise<States> {
    const { store, clock } = this.#deps;
    const states = await store.load();
    const isKnown = ({ name, after }: ScheduledJob): boolean =>
      states.get(name)?.dependsOn.join() === after.join();
    const unknown = this.jobs.filter((job) => !isKnown(job));
    if (unknown.length === 0) return states;
    await store.know(unknown, clock.now());
    return store.load();
  }

  #isDue(job: ScheduledJob, states: States): boolean {
    const ongoing = states.get(job.name)?.ongoing;
    // A lost run is put right even when the job has nothing to do.
    if (ongoing && !ongoing.isHeld) return true;
    return verdictOf(job, this.#byName, states, this.#deps.clock.now()).due;
  }

  #start(
    job: ScheduledJob,
    signal: AbortSignal,
    onEnd: (job: ScheduledJob, result: PeriodsResult) => void,
  ): void {
    const { log } = this.#deps;
    const work = this.runner
      .runPeriods(job, (state) => this.#nextPeriod(job, state), signal)
      .then((result) => onEnd(job, result))
      .catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error, job: job.name }, 'a job could not be run');
      })
      .finally(() => this.#running.delete(job.name));
    this.#running.set(job.name, work);
  }

  /** With the lease in hand: whoever had it before us may have run it. */
  async #nextPeriod(job: ScheduledJob, state: JobState): Promise<Period | undefined> {
    const now = this.#deps.clock.now();
    if (pendingPeriod(job, state, now) === undefined) return undefined;
    // A job that comes after none needs nobody else's state.
    const others = job.after.length === 0 ? [] : await this.#deps.store.load();
    const states = new Map(others).set(job.name, state);
    const verdict = verdictOf(job, this.#byName, states, now);
    return verdict.due ? verdict.period : undefined;
  }

  async #forgetOldRuns(): Promise<void> {
    const { logDays, clock, store } = this.#deps;
    const now = clock.now();
    if (logDays === 0 || Math.abs(now.getTime() - this.#forgottenAt) < DAY_MS) return;
    this.#forgottenAt = now.getTime();
    await store.forgetRunsBefore(daysBefore(now, logDays));
  }
}
