/** A job: one thing done for one period, one file in `jobs/` or a module from outside, default export. */
import type { Log } from '../lib/log.ts';
import type { JobServices } from './job-services.ts';

export type { JobServices };

export type Every = `${number}${'m' | 'h' | 'd' | 'w'}`;

export interface Period {
  /** Inclusive. */
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
}

export interface JobContext {
  /** What the run is for. Use it, never the clock: a run may be for the past. */
  readonly period: Period;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface CronJob<N extends keyof JobServices = never> {
  readonly name: string;
  readonly every: Every;
  /** `HH:MM` in UTC, for jobs of a day or longer. */
  readonly at?: string;
  /** Jobs that must have succeeded up to the end of the same period first. */
  readonly after?: readonly string[];
  /** Run once for each missed period, oldest first (default: only the newest). */
  readonly backfill?: boolean;
  readonly timeoutMs: number;
  readonly needs?: readonly N[];
  run(context: JobContext, services: Pick<JobServices, N>): Promise<void>;
}

export const defineJob = <N extends keyof JobServices = never>(job: CronJob<N>): CronJob<N> => job;

export type AnyJob = CronJob<keyof JobServices>;
