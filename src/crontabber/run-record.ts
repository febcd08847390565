/** One run of a job, as the log of runs has it. */
import type { Period } from './job.ts';
import type { JobError } from './job-state.ts';

/** `marked` by hand as done, `stopped` with its process, `lost` when its process vanished. */
export type Outcome = 'running' | 'done' | 'failed' | 'stopped' | 'lost' | 'marked';

export interface Run {
  readonly id: string;
  readonly job: string;
  readonly host: string;
  readonly period: Period;
  readonly started: Date;
}

export interface RunRecord extends Run {
  readonly outcome: Outcome;
  /** Undefined while it runs, and for one that was lost. */
  readonly durationMs: number | undefined;
  readonly error: JobError | undefined;
}

export interface RunEnd {
  readonly outcome: Exclude<Outcome, 'running'>;
  readonly durationMs: number | undefined;
  readonly error?: JobError | undefined;
}
