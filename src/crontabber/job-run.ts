/** One run of one job for one period: begun, watched, ended, recorded. */
import { randomUUID } from 'node:crypto';
import type { TransactionExecutor } from '../database/transactions.ts';
import { AbortedError, raceSignal, sleep } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Retries } from '../lib/retries.ts';
import type { AnyJob, JobContext, JobServices, Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';
import {
  afterFailure,
  afterSuccess,
  type JobError,
  type JobState,
  jobError,
  type StateChange,
} from './job-state.ts';
import type { JobStore } from './job-store.ts';
import { metrics } from './metrics.ts';
import type { Run, RunEnd } from './run-record.ts';
import { LeaseLostError, type Tenure } from './tenure.ts';

export interface JobFailure {
  readonly job: string;
  readonly period: Period;
  readonly host: string;
  readonly error: JobError;
  /** What was thrown; undefined for a run that was lost. */
  readonly thrown: unknown;
}

export interface RunDeps {
  readonly store: JobStore;
  readonly services: JobServices;
  readonly executorOf: (kind: NonNullable<AnyJob['transaction']>) => TransactionExecutor;
  readonly clock: Clock;
  readonly log: Log;
  /** Of this process, as the log of runs and messages name it. */
  readonly host: string;
  /** After a failure, for jobs that do not say it themselves. */
  readonly errorRetryMs: number;
  /** How long a job may take to end once it was told to. */
  readonly graceMs: number;
  /** Told of the first failure after a success, and of no further one. */
  onNewFailure(failure: JobFailure): void;
}

export type RunResult =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'failed'; readonly error: JobError }
  /** Somebody else took the job over, and has recorded this run as lost. */
  | { readonly outcome: 'lost' };

export interface RunOptions {
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal;
  readonly tenure: Tenure;
}

/** The time limit of a job. */
class JobTimeoutError extends Error {
  override readonly name = 'JobTimeoutError';
}

/** The transaction of a run that is not the one under way any more must not be committed. */
class TakenOverError extends Error {
  override readonly name = 'TakenOverError';
}

/** How long results wait for a database that is away. */
const RECORD_DELAYS_MS = [500, 2_000, 5_000, 10_000];

export class JobRun {
  readonly run: Run;
  readonly #deps: RunDeps;
  readonly #job: ScheduledJob;
  readonly #state: JobState;
  readonly #options: RunOptions;
  readonly #startedAt = performance.now();
  #work: Promise<unknown> = Promise.resolve();
  #isSettled = true;
  /** Recorded in the transaction of the job. */
  #isRecorded = false;

  constructor(deps: RunDeps, job: ScheduledJob, state: JobState, period: Period, options: RunOptions) {
    this.#deps = deps;
    this.#job = job;
    this.#state = state;
    this.#options = options;
    this.run = { id: randomUUID(), job: job.name, host: deps.host, period, started: deps.clock.now() };
  }

  /** False while the job's code may still be running, although its run has ended. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Resolves when the job's code has ended too. */
  async settled(): Promise<void> {
    await this.#work.catch(() => undefined);
  }

  /** Rejects with `AbortedError` when the process is to end, and when nothing can be recorded. */
  async go(): Promise<RunResult> {
    const { store } = this.#deps;
    await store.begin(this.run);
    metrics.set('crontabber_running', 1, { job: this.#job.name });
    try {
      const failure = await this.#attempt();
      return await (failure === undefined ? this.#succeed() : this.#fail(failure.thrown));
    } finally {
      metrics.set('crontabber_running', 0, { job: this.#job.name });
    }
  }

  async #attempt(): Promise<{ readonly thrown: unknown } | undefined> {
    const { timeoutMs } = this.#job.definition;
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new JobTimeoutError(`not done after ${timeoutMs} ms`)),
      timeoutMs,
    );
    const signal = AbortSignal.any([this.#options.signal, this.#options.tenure.signal, limit.signal]);
    this.#isSettled = false;
    this.#work = this.#begin(signal).finally(() => {
      this.#isSettled = true;
    });
    try {
      await raceSignal(this.#work, signal);
      return undefined;
    } catch (thrown) {
      if (!signal.aborted) return { thrown };
      const error = await this.#endWithin(this.#deps.graceMs);
      if (error === undefined && this.#isSettled) return undefined;
      // Why it was told to end says more than that it did.
      return { thrown: this.#options.signal.aborted ? thrown : signal.reason };
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the job rejected with; undefined when it resolved after all, or has not ended yet. */
  async #endWithin(ms: number): Promise<unknown> {
    const over = new AbortController();
    const late = sleep(ms, { signal: over.signal }).catch(() => undefined);
    try {
      return await Promise.race([
        this.#work.then(
          () => undefined,
          (error: unknown) => error ?? 'nothing',
        ),
        late,
      ]);
    } finally {
      over.abort();
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { services, log: parent, executorOf } = this.#deps;
    const { definition, name } = this.#job;
    const log = parent.child({ job: name });
    const context: JobContext = { period: this.run.period, signal, log };
    if (definition.transaction === undefined) return definition.run(context, services);
    await executorOf(definition.transaction).run(
      async (transaction) => {
        await definition.run({ ...context, transaction }, services);
        // What it wrote and that it is done become true together.
        if (!(await this.#deps.store.end(this.run, this.#ending('done'), this.#success(), transaction)))
          throw new TakenOverError(`${name} was taken over`);
        this.#isRecorded = true;
      },
      { name, signal },
    );
  }

  #ending(outcome: RunEnd['outcome'], error?: JobError): RunEnd {
    return { outcome, durationMs: performance.now() - this.#startedAt, error };
  }

  #success(): StateChange {
    return afterSuccess(this.#job, this.#state, this.run.period, this.#deps.clock.now());
  }

  async #succeed(): Promise<RunResult> {
    const { log, clock } = this.#deps;
    const { name: job } = this.#job;
    if (!this.#isRecorded && !(await this.#record(this.#ending('done'), this.#success())))
      return this.#wasLost();
    // What it did, it says itself; that it was done is kept in the log of runs.
    log.debug({ job, to: this.run.period.to.toISOString() }, 'job done');
    this.#measure('done');
    metrics.set('crontabber_last_success_seconds', clock.now().getTime() / 1000, { job });
    return { outcome: 'done' };
  }

  async #fail(thrown: unknown): Promise<RunResult> {
    const { clock, log, errorRetryMs, host, onNewFailure } = this.#deps;
    const { name: job, definition } = this.#job;
    if (thrown instanceof TakenOverError) return this.#wasLost();
    if (this.#options.signal.aborted) {
      await this.#record(this.#ending('stopped'), {});
      this.#measure('stopped');
      throw new AbortedError(`${job} was stopped`, { cause: thrown });
    }
    const error = jobError(thrown);
    const change = afterFailure(this.#state, error, clock.now(), definition.retryMs ?? errorRetryMs);
    log.error({ err: thrown, job, failures: change.errorCount }, 'job failed');
    if (!(await this.#record(this.#ending('failed', error), change))) return this.#wasLost();
    this.#measure('failed');
    if (this.#state.errorCount === 0) onNewFailure({ job, period: this.run.period, host, error, thrown });
    return { outcome: 'failed', error };
  }

  #wasLost(): RunResult {
    this.#deps.log.error(
      { job: this.#job.name },
      'the job was taken over by another process while it was running',
    );
    return { outcome: 'lost' };
  }

  #measure(outcome: string): void {
    const { name: job } = this.#job;
    metrics.count('crontabber_runs_total', { job, outcome });
    metrics.observe('crontabber_run_seconds', (performance.now() - this.#startedAt) / 1000, { job });
  }

  /** A job that is done must not be run again because the database was away for a moment. */
  async #record(end: RunEnd, change: StateChange): Promise<boolean> {
    const { store, log } = this.#deps;
    const { signal, tenure } = this.#options;
    const retries = new Retries({
      kind: 'infinite',
      delaysMs: RECORD_DELAYS_MS,
      logEveryMs: 10_000,
      isOperational: isRetryable,
      quit: AbortSignal.any([signal, tenure.signal]),
    });
    return retries.run(() => store.end(this.run, end, change), {
      onWaiting: ({ error }) =>
        log.warn({ err: error, job: this.#job.name }, 'the end of a job waits for the database'),
    });
  }
}

const isRetryable = (error: unknown): boolean =>
  (error as { readonly retryable?: unknown } | null)?.retryable === true;

/** What is recorded of a run whose process vanished. */
export const lostError = (host: string, since: Date): LeaseLostError =>
  new LeaseLostError(
    `the run that began at ${since.toISOString()} on ${host} never ended: its process died or lost its lease`,
  );
