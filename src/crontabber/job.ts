/** A job: one thing done for one period, one file in `jobs/` or a module from outside, default export. */
import type { Kysely } from 'kysely';
import type { Log } from '../lib/log.ts';
import type { RetryKind } from '../lib/retries.ts';
import type { JobServices } from './job-services.ts';

export type { JobServices };

/** Minutes, hours, days, weeks, calendar years. */
export type Every = `${number}${'m' | 'h' | 'd' | 'w' | 'y'}`;

export interface Period {
  /** Inclusive. */
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
}

export interface JobContext {
  /** What the run is for. Use it, never the clock: a run may be for the past. */
  readonly period: Period;
  /** Aborts at the job's time limit, when the process is to end, and when another process has taken the job over. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /**
   * The run's transaction, for a job with `transaction`: committed together with the record that the period is done
   * when `run` resolves, undone when it rejects. On SQLite nobody else writes to the database until then, so such a
   * job is short and writes through nothing else.
   */
  readonly transaction?: Kysely<unknown>;
}

export interface CronJob<N extends keyof JobServices = never> {
  readonly name: string;
  readonly every: Every;
  /** `HH:MM` in UTC, for jobs of a day or longer. */
  readonly at?: string;
  /** Jobs that must have succeeded for all of their periods that end by the end of this one. */
  readonly after?: readonly string[];
  /** Run once for each missed period, oldest first (default: only the newest). Nothing before the job was known. */
  readonly backfill?: boolean;
  readonly timeoutMs: number;
  /** After a failure the job waits so long (default: CRONTABBER_ERROR_RETRY). */
  readonly retryMs?: number;
  /** Wraps each run in a transaction, which is tried again after failures of the engine: never, some times, for ever. */
  readonly transaction?: RetryKind;
  readonly needs?: readonly N[];
  run(context: JobContext, services: Pick<JobServices, N>): Promise<void>;
}

export const defineJob = <N extends keyof JobServices = never>(job: CronJob<N>): CronJob<N> => job;

export type AnyJob = CronJob<keyof JobServices>;
