/** The loop: runs each job once for the last period that is over, dependencies first, whichever process gets to it. */
import { DatabaseError } from '../database/errors.ts';
import { isAborted, raceSignal, sleep } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { SettingsError } from '../lib/settings.ts';
import { toposort } from '../lib/toposort.ts';
import type { ErrorReporter } from '../notify/contract.ts';
import type { AnyJob, JobServices, Period } from './job.ts';
import type { JobState, JobStore } from './job-store.ts';
import { everyMs, lastPeriod } from './period.ts';

const RETRY_MS = 300_000;
const TICK_MS = 60_000;
/** What a timer can hold. */
const LONGEST_JOB_MS = 2 ** 31 - 1;

export interface LoopDeps {
  readonly jobs: readonly AnyJob[];
  readonly store: JobStore;
  readonly services: JobServices;
  readonly clock: Clock;
  readonly reporter: ErrorReporter;
  readonly log: Log;
}

export class CronLoop {
  readonly #deps: LoopDeps;
  readonly #jobs: readonly AnyJob[];

  /** Throws `DependencyError` for a cycle or an unknown name, `SettingsError` for a job that is none. */
  constructor(deps: LoopDeps) {
    this.#deps = deps;
    for (const job of deps.jobs) checkJob(job);
    this.#jobs = toposort(deps.jobs, 'job');
  }

  /** Ends when `signal` aborts. A database that is down is asked again at the next tick. */
  async run(options: { readonly signal: AbortSignal }): Promise<void> {
    try {
      for (;;) {
        await this.#runTick(options);
        await sleep(TICK_MS, options);
      }
    } catch (error) {
      if (!options.signal.aborted) throw error;
    }
  }

  async #runTick(options: { readonly signal: AbortSignal }): Promise<void> {
    try {
      await this.runDue(options);
    } catch (error) {
      if (!(error instanceof DatabaseError) || options.signal.aborted) throw error;
      this.#deps.log.error({ err: error }, 'the jobs wait for the database');
    }
  }

  /** Runs what is due, once each; a job that fails does not stop the others. Resolves with the names that ran. */
  async runDue(options: { readonly signal: AbortSignal }): Promise<readonly string[]> {
    const ran: string[] = [];
    if (this.#jobs.length === 0) return ran;
    for (const job of this.#jobs) {
      options.signal.throwIfAborted();
      const period = lastPeriod(job.every, this.#deps.clock.now());
      const isDue = this.#isDue(job, period, await this.#deps.store.load());
      if (isDue && (await this.#runOnce(job, period, options.signal))) ran.push(job.name);
    }
    return ran;
  }

  #isDue(job: AnyJob, period: Period, states: ReadonlyMap<string, JobState>): boolean {
    const state = states.get(job.name);
    if (state?.doneUntil && state.doneUntil >= period.to) return false;
    const retryAt = (state?.lastRun.getTime() ?? 0) + RETRY_MS;
    if (state?.lastError !== undefined && this.#deps.clock.now().getTime() < retryAt) return false;
    return (job.after ?? []).every((name) => this.#isDone(name, period, states.get(name)));
  }

  /** A dependency has done every one of its own periods that ends at or before this period's end. */
  #isDone(name: string, period: Period, state: JobState | undefined): boolean {
    const dependency = this.#jobs.find((job) => job.name === name);
    const until = dependency ? lastPeriod(dependency.every, period.to).to : period.to;
    return state?.doneUntil !== undefined && state.doneUntil >= until;
  }

  async #runOnce(job: AnyJob, period: Period, signal: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#deps;
    // Longer than the job may take, so that nobody else starts it while it runs.
    const lease = await store.claim(job.name, job.timeoutMs + TICK_MS);
    if (!lease) return false;
    try {
      const states = await store.load();
      // Whoever had the lease before us may have run it.
      if (!this.#isDue(job, period, states)) return false;
      const previous = states.get(job.name);
      const lastRun = clock.now();
      const failure = await this.#attempt(job, period, signal);
      const state: JobState = failure
        ? {
            doneUntil: previous?.doneUntil,
            failures: (previous?.failures ?? 0) + 1,
            lastError: failure.name,
            lastRun,
          }
        : { doneUntil: period.to, failures: 0, lastError: undefined, lastRun };
      await store.save(job.name, state);
      return true;
    } finally {
      await lease.release();
    }
  }

  async #attempt(job: AnyJob, period: Period, stop: AbortSignal): Promise<Error | undefined> {
    const log = this.#deps.log.child({ job: job.name });
    const signal = AbortSignal.any([stop, AbortSignal.timeout(job.timeoutMs)]);
    try {
      await raceSignal(job.run({ period, signal, log }, this.#deps.services), signal);
      log.info({ to: period.to.toISOString() }, 'job done');
      return undefined;
    } catch (error) {
      if (stop.aborted && isAborted(error)) throw error;
      log.error({ err: error }, 'job failed');
      this.#deps.reporter.report({ service: 'crontabber', error, tags: { job: job.name } });
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** Jobs come from outside too, where no compiler looked at them. */
function checkJob(job: AnyJob): void {
  if (!(job.timeoutMs > 0 && job.timeoutMs <= LONGEST_JOB_MS))
    throw new SettingsError(`job ${job.name}: timeoutMs is between 1 and ${LONGEST_JOB_MS} (24 days)`);
  try {
    everyMs(job.every);
  } catch (cause) {
    throw new SettingsError(`job ${job.name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
