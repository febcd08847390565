/** What operators do with jobs by hand: run, mark as done, forget; and look at what would run. */
import { randomUUID } from 'node:crypto';
import { AbortedError } from '../lib/abort.ts';
import { blockedBy, countPending, type Jobs, pendingPeriod, periodsWithin, verdictOf } from './due.ts';
import type { Period } from './job.ts';
import type { ScheduledJob } from './job-list.ts';
import type { JobRunner, PeriodsResult, RunnerDeps } from './job-runner.ts';
import { afterSuccess, type JobState, newState } from './job-state.ts';

export interface HandRunOptions {
  /** Every period that begins and ends within; default: the last complete one, even if it is done. */
  readonly range?: { readonly from: Date; readonly to: Date } | undefined;
  /** Whatever it depends on. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onPeriod?: ((period: Period, done: number, total: number) => void) | undefined;
}

export interface HandRun extends Omit<PeriodsResult, 'ended'> {
  readonly ended: PeriodsResult['ended'] | 'blocked';
  /** Why it was blocked. */
  readonly reason?: string | undefined;
  readonly total: number;
}

export interface PlannedJob {
  readonly job: ScheduledJob;
  /** Undefined when it would not run. */
  readonly periods?: { readonly first: Period; readonly last: Period; readonly count: number };
  readonly reason?: string;
}

type States = ReadonlyMap<string, JobState>;

export async function runByHand(
  { deps, runner, jobs }: { readonly deps: RunnerDeps; readonly runner: JobRunner; readonly jobs: Jobs },
  job: ScheduledJob,
  { range, force, signal, onPeriod }: HandRunOptions,
): Promise<HandRun> {
  const periods = range
    ? [...periodsWithin(job, range.from, range.to)]
    : [job.schedule.lastEndingBy(deps.clock.now())];
  let reason: string | undefined;
  let at = 0;
  const next = async (): Promise<Period | undefined> => {
    const period = periods[at];
    if (!period) return undefined;
    reason = force ? undefined : blockedBy(job, period, jobs, await deps.store.load());
    if (reason !== undefined) return undefined;
    onPeriod?.(period, at, periods.length);
    at += 1;
    return period;
  };
  const result = await runner.runPeriods(job, next, signal);
  if (signal.aborted) throw new AbortedError('aborted', { cause: signal.reason });
  return { ...result, ...(reason === undefined ? {} : { ended: 'blocked', reason }), total: periods.length };
}

/** Undefined when another process has the job. */
export async function markSuccess(
  deps: RunnerDeps,
  runner: JobRunner,
  job: ScheduledJob,
): Promise<Period | undefined> {
  const now = deps.clock.now();
  const period = job.schedule.lastEndingBy(now);
  const marked = await runner.whileIdle(job, async () => {
    const state = await deps.store.read(job.name);
    if (!state) return;
    // All that was missed is taken for done: that is what marking is for.
    const isNewer = state.doneUntil === undefined || period.to > state.doneUntil;
    const change = afterSuccess(job, isNewer ? { ...state, doneUntil: period.from } : state, period, now);
    const run = { id: randomUUID(), job: job.name, host: deps.host, period, started: now };
    await deps.store.mark(run, change);
  });
  return marked && period;
}

/** Every job in order: those that would run, as if all of them succeeded, and why each other would not. */
export function planOf(jobs: readonly ScheduledJob[], known: States, now: Date): readonly PlannedJob[] {
  const byName: Jobs = new Map(jobs.map((job) => [job.name, job]));
  const states = new Map(known);
  const plan = jobs.map((job): PlannedJob => {
    const state = states.get(job.name);
    const verdict = verdictOf(job, byName, states, now);
    if (!verdict.due) return { job, reason: verdict.reason };
    const last = job.schedule.lastEndingBy(now);
    const first = pendingPeriod(job, state, now) ?? last;
    states.set(job.name, { ...(state ?? newState(job.name, now)), doneUntil: last.to, errorCount: 0 });
    return { job, periods: { first, last, count: Math.max(1, countPending(job, state, now)) } };
  });
  return [...plan.filter(({ periods }) => periods), ...plan.filter(({ periods }) => !periods)];
}
