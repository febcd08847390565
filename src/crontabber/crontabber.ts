/** The crontabber: what is run by itself, and everything that operators do with it. */
import {
  type HandRun,
  type HandRunOptions,
  markSuccess,
  type PlannedJob,
  planOf,
  runByHand,
} from './by-hand.ts';
import type { Jobs } from './due.ts';
import type { Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';
import type { JobRunner } from './job-runner.ts';
import type { JobState } from './job-state.ts';
import { CronLoop, type LoopDeps } from './loop.ts';
import type { RunRecord } from './run-record.ts';
import { type Standing, standingsOf } from './standing.ts';

export interface CrontabberDeps extends LoopDeps {
  /** A job is late when a period is over for so long and not done. */
  readonly lateAfterMs: number;
}

export class Crontabber {
  readonly #deps: CrontabberDeps;
  readonly #loop: CronLoop;
  readonly #runner: JobRunner;
  readonly #byName: Jobs;

  constructor(deps: CrontabberDeps) {
    this.#deps = deps;
    this.#loop = new CronLoop(deps);
    this.#runner = this.#loop.runner;
    this.#byName = new Map(deps.jobs.map((job) => [job.name, job]));
  }

  /** In the order in which they run. */
  get jobs(): readonly ScheduledJob[] {
    return this.#deps.jobs;
  }

  /** Resolves when what was due at the start of `run` is over. */
  get quiet(): Promise<void> {
    return this.#loop.quiet;
  }

  /** Runs jobs until the signal aborts. */
  run(options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#loop.run(options);
  }

  /** Resolves with the names of those that ran. */
  runDue(options: { readonly signal: AbortSignal }): Promise<readonly string[]> {
    return this.#loop.runDue(options);
  }

  async runByHand(job: ScheduledJob, options: HandRunOptions): Promise<HandRun> {
    await this.#loop.loadStates();
    try {
      const parts = { deps: this.#deps, runner: this.#runner, jobs: this.#byName };
      return await runByHand(parts, job, options);
    } finally {
      this.#runner.end();
    }
  }

  /** Takes every period that is over for done. Undefined when another process has the job. */
  async markSuccess(job: ScheduledJob): Promise<Period | undefined> {
    await this.#loop.loadStates();
    return markSuccess(this.#deps, this.#runner, job);
  }

  /** Forgets a job's state; undefined when another process has it, `result` is false when nothing was known. */
  forget(name: string): Promise<{ readonly result: boolean } | undefined> {
    return this.#runner.whileIdle({ name }, () => this.#deps.store.forget(name));
  }

  /** What is remembered, of jobs that are not configured any more too. */
  readStates(): Promise<ReadonlyMap<string, JobState>> {
    return this.#deps.store.load();
  }

  /** The log, newest first. */
  runs(name: string | undefined, limit: number): Promise<readonly RunRecord[]> {
    return this.#deps.store.runs(name, limit);
  }

  /** Nothing is written. */
  async plan(): Promise<readonly PlannedJob[]> {
    return planOf(this.jobs, await this.readStates(), this.#deps.clock.now());
  }

  async standings(): Promise<readonly Standing[]> {
    const { clock, lateAfterMs } = this.#deps;
    return standingsOf(this.jobs, await this.readStates(), clock.now(), lateAfterMs);
  }
}
