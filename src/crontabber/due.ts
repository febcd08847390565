/** Which period a job is to run for, and why not. Nothing here asks a clock or a database. */
import type { Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';
import type { JobState } from './job-state.ts';

type States = ReadonlyMap<string, JobState>;
export type Jobs = ReadonlyMap<string, ScheduledJob>;

export type Verdict =
  | { readonly due: true; readonly period: Period }
  | { readonly due: false; readonly reason: string };

const text = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** The oldest period that is over and not done; undefined when there is none. */
export function pendingPeriod(job: ScheduledJob, state: JobState | undefined, now: Date): Period | undefined {
  const { schedule, definition } = job;
  const last = schedule.lastEndingBy(now);
  const done = state?.doneUntil;
  if (definition.backfill !== true || state === undefined)
    return done === undefined || last.to > done ? last : undefined;
  const next = done ? schedule.firstEndingAfter(done) : schedule.lastEndingBy(earlier(state.knownSince, now));
  return next.to <= last.to ? next : undefined;
}

/** A clock that was set back must not make a job wait for its own birth. */
const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

/** How many periods are over and not done. */
export function countPending(job: ScheduledJob, state: JobState | undefined, now: Date): number {
  const first = pendingPeriod(job, state, now);
  let count = 0;
  for (let next = first; next && next.to <= now; next = job.schedule.firstEndingAfter(next.to)) count += 1;
  return job.definition.backfill === true ? count : Math.min(count, 1);
}

/** Why a job it depends on keeps it from this period; undefined when nothing does. */
export function blockedBy(job: ScheduledJob, period: Period, jobs: Jobs, states: States): string | undefined {
  for (const name of job.after) {
    const dependency = jobs.get(name);
    const state = states.get(name);
    const needed = dependency ? dependency.schedule.lastEndingBy(period.to).to : period.to;
    if (state?.doneUntil && state.doneUntil >= needed) continue;
    if (state && state.errorCount > 0) return `it comes after ${name}, which failed`;
    return state?.doneUntil
      ? `it comes after ${name}, which is done until ${text(state.doneUntil)} and not until ${text(needed)}`
      : `it comes after ${name}, which has not succeeded yet`;
  }
  return undefined;
}

/** After a failure. A failure in the future is one before the clock was set back: nobody waits for that. */
function waitsToRetry({ errorCount, lastFailure, nextRun }: JobState, now: Date): Date | undefined {
  if (errorCount === 0 || !nextRun || !lastFailure) return undefined;
  return lastFailure <= now && nextRun > now ? nextRun : undefined;
}

export function verdictOf(job: ScheduledJob, jobs: Jobs, states: States, now: Date): Verdict {
  const state = states.get(job.name);
  const not = (reason: string): Verdict => ({ due: false, reason });
  if (state?.ongoing?.isHeld)
    return not(`it runs on ${state.ongoing.host} since ${text(state.ongoing.since)}`);
  const period = pendingPeriod(job, state, now);
  if (!period) return not(whyDone(job, state, now));
  const retry = state && waitsToRetry(state, now);
  if (retry) return not(`it failed, and is tried again at ${text(retry)}`);
  const blocked = blockedBy(job, period, jobs, states);
  return blocked === undefined ? { due: true, period } : not(blocked);
}

function whyDone({ schedule }: ScheduledJob, state: JobState | undefined, now: Date): string {
  const done = state?.doneUntil;
  if (!done) return `its first period is not over before ${text(schedule.firstEndingAfter(now).to)}`;
  const next = text(schedule.firstEndingAfter(done).to);
  if (done > now)
    return `it is done until ${text(done)}, which is in the future: was the clock set back? --reset-job forgets it`;
  return `it is done until ${text(done)}; the next period ends at ${next}`;
}

/** Periods within a range, oldest first. */
export function* periodsWithin({ schedule }: ScheduledJob, from: Date, to: Date): Generator<Period> {
  let period = schedule.firstEndingAfter(from);
  while (period.from < from) period = schedule.firstEndingAfter(period.to);
  for (; period.to <= to; period = schedule.firstEndingAfter(period.to)) yield period;
}
