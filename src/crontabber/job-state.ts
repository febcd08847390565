/** What is remembered of a job, and what becomes of it when a run ends. */
import { type LoggedError, loggedError } from '../lib/logged-error.ts';
import type { Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';

export interface JobError {
  readonly type: string;
  readonly value: string;
  /** Lines. */
  readonly traceback: string;
}

/** A run that has begun and of which no end is known. */
export interface Ongoing {
  readonly run: string;
  readonly since: Date;
  readonly host: string;
  /** False when its lease has run out: the process died or cannot reach the database. */
  readonly isHeld: boolean;
}

export interface JobState {
  readonly name: string;
  /** When the crontabber first saw the job: nothing before its last complete period is backfilled. */
  readonly knownSince: Date;
  readonly firstRun: Date | undefined;
  readonly lastRun: Date | undefined;
  readonly lastSuccess: Date | undefined;
  readonly nextRun: Date | undefined;
  /** End of the newest period that succeeded. */
  readonly doneUntil: Date | undefined;
  /** In a row. */
  readonly errorCount: number;
  readonly lastFailure: Date | undefined;
  readonly lastError: JobError | undefined;
  readonly dependsOn: readonly string[];
  readonly ongoing: Ongoing | undefined;
}

/** What the end of a run changes. */
export type StateChange = Partial<
  Pick<JobState, 'lastSuccess' | 'nextRun' | 'doneUntil' | 'errorCount' | 'lastFailure' | 'lastError'>
>;

/**
 * Success for a period. `doneUntil` never goes back; in a job with backfill it never jumps over periods that are still
 * missing either, so that a period run by hand does not make the ones before it look done.
 */
export function afterSuccess(job: ScheduledJob, state: JobState, period: Period, now: Date): StateChange {
  const { schedule } = job;
  const start = state.doneUntil ?? schedule.lastEndingBy(state.knownSince).from;
  const leavesGap = job.definition.backfill === true && period.from > start;
  const isNewer = state.doneUntil === undefined || period.to > state.doneUntil;
  const doneUntil = isNewer && !leavesGap ? period.to : state.doneUntil;
  return {
    ...(doneUntil ? { doneUntil, nextRun: schedule.firstEndingAfter(doneUntil).to } : {}),
    lastSuccess: now,
    errorCount: 0,
    lastError: undefined,
  };
}

export function afterFailure(state: JobState, error: JobError, now: Date, retryMs: number): StateChange {
  return {
    errorCount: state.errorCount + 1,
    lastFailure: now,
    lastError: error,
    nextRun: new Date(now.getTime() + retryMs),
  };
}

const LONGEST_TRACE = 16_384;

function traceLines({ type, message, stack, cause, errors }: LoggedError): string[] {
  const lines = [
    `${type}${message === undefined ? '' : `: ${message}`}`,
    ...(stack ? stack.split('\n') : []),
  ];
  for (const one of errors ?? []) lines.push('one of:', ...traceLines(one));
  if (cause) lines.push('caused by:', ...traceLines(cause));
  return lines.map((line) => line.trimEnd());
}

export function jobError(error: unknown): JobError {
  const logged = loggedError(error);
  return {
    type: logged.type,
    value: logged.message ?? '',
    traceback: traceLines(logged).join('\n').slice(0, LONGEST_TRACE),
  };
}

/** Of a job that has never run. */
export const newState = (name: string, now: Date): JobState => ({
  name,
  knownSince: now,
  firstRun: undefined,
  lastRun: undefined,
  lastSuccess: undefined,
  nextRun: undefined,
  doneUntil: undefined,
  errorCount: 0,
  lastFailure: undefined,
  lastError: undefined,
  dependsOn: [],
  ongoing: undefined,
});
