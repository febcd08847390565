/** Runs a job for its periods while it has the job: claims it, puts a lost run right, records each period. */
import type { Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';
import { JobRun, lostError, type RunDeps, type RunResult } from './job-run.ts';
import { afterFailure, type JobState, jobError } from './job-state.ts';
import { metrics } from './metrics.ts';
import { Tenure } from './tenure.ts';

export interface RunnerDeps extends RunDeps {
  readonly leaseMs: number;
}

/** The next period for which the job is to run, as things stand; undefined ends it. */
export type NextPeriod = (state: JobState) => Promise<Period | undefined>;

export interface PeriodsResult {
  readonly done: readonly Period[];
  /** `done` when no period was left, `busy` when another process has the job. */
  readonly ended: 'done' | 'busy' | 'failed' | 'lost';
  readonly error?: Extract<RunResult, { outcome: 'failed' }>['error'];
}

export class JobRunner {
  readonly #deps: RunnerDeps;
  /** Of jobs whose run was ended and whose code goes on: nobody else may start them. */
  readonly #leftovers = new Set<Tenure>();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  /** Rejects with `AbortedError` when the signal aborts; what was done until then stays recorded. */
  async runPeriods(job: ScheduledJob, next: NextPeriod, signal: AbortSignal): Promise<PeriodsResult> {
    const tenure = await this.#take(job.name);
    if (!tenure) return { done: [], ended: 'busy' };
    const done: Period[] = [];
    let run: JobRun | undefined;
    try {
      for (;;) {
        signal.throwIfAborted();
        const state = await this.#stateOf(job);
        const period = state && (await next(state));
        if (!state || !period) return { done, ended: 'done' };
        run = new JobRun(this.#deps, job, state, period, { signal, tenure });
        const result = await run.go();
        if (result.outcome !== 'done')
          return { done, ended: result.outcome, ...('error' in result ? { error: result.error } : {}) };
        done.push(period);
      }
    } finally {
      await this.#letGo(tenure, run, signal);
    }
  }

  /** Has the job for as long as `work` takes, without running it; undefined when another process has it. */
  async whileIdle<T>(
    job: { readonly name: string },
    work: () => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> {
    const tenure = await this.#take(job.name);
    if (!tenure) return undefined;
    try {
      return { result: await work() };
    } finally {
      await tenure.release();
    }
  }

  /** Renews no lease any more: the process ends. */
  end(): void {
    for (const tenure of this.#leftovers) tenure.abandon();
    this.#leftovers.clear();
  }

  async #take(name: string): Promise<Tenure | undefined> {
    const { store, leaseMs, log } = this.#deps;
    const lease = await store.claim(name, leaseMs);
    return lease && new Tenure(lease, leaseMs, log);
  }

  /** Whoever has the lease and finds a run under way knows that nobody runs it any more. */
  async #stateOf(job: ScheduledJob): Promise<JobState | undefined> {
    const { store, clock, log, errorRetryMs, onNewFailure } = this.#deps;
    const state = await store.read(job.name);
    if (!state?.ongoing) return state;
    const { run: id, host, since } = state.ongoing;
    const error = jobError(lostError(host, since));
    const change = afterFailure(state, error, clock.now(), job.definition.retryMs ?? errorRetryMs);
    if (!(await store.end({ id, job: job.name }, { outcome: 'lost', durationMs: undefined, error }, change)))
      return store.read(job.name);
    log.error({ job: job.name, host, since }, 'a run was lost with its process');
    metrics.count('crontabber_runs_total', { job: job.name, outcome: 'lost' });
    const period = await this.#periodOf(job, id, since);
    if (state.errorCount === 0) onNewFailure({ job: job.name, period, host, error, thrown: undefined });
    return store.read(job.name);
  }

  async #periodOf(job: ScheduledJob, id: string, since: Date): Promise<Period> {
    const runs = await this.#deps.store.runs(job.name, 20);
    return runs.find((run) => run.id === id)?.period ?? job.schedule.lastEndingBy(since);
  }

  async #letGo(tenure: Tenure, run: JobRun | undefined, signal: AbortSignal): Promise<void> {
    if (run === undefined || run.isSettled) return tenure.release();
    if (signal.aborted) return tenure.abandon();
    this.#deps.log.error(
      { job: run.run.job },
      'a job goes on although its time is over; nobody else may start it until it ends',
    );
    this.#leftovers.add(tenure);
    void run.settled().then(() => {
      this.#leftovers.delete(tenure);
      return tenure.release();
    });
  }
}
