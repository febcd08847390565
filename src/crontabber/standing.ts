/** How each job stands: for the health endpoint, for `--nagios`, for `/metrics`. */
import { pendingPeriod } from './due.ts';
import type { ScheduledJob } from './job-list.ts';
import type { JobState } from './job-state.ts';
import { metrics } from './metrics.ts';

export interface Standing {
  readonly job: ScheduledJob;
  readonly state: JobState | undefined;
  readonly isFailed: boolean;
  readonly isLate: boolean;
  /** In words, for people. */
  readonly word: 'ok' | 'running' | 'failed' | 'late' | 'failed and late';
}

/**
 * Late: a period that is over for longer than `lateAfterMs` is not done. Counted from when the job was first seen, and
 * not while a run is under way within its time limit.
 */
function isLate(job: ScheduledJob, state: JobState | undefined, now: Date, lateAfterMs: number): boolean {
  if (!state || !pendingPeriod(job, state, now)) return false;
  const { ongoing, doneUntil, knownSince } = state;
  if (ongoing?.isHeld && now.getTime() - ongoing.since.getTime() <= job.definition.timeoutMs) return false;
  // Not from the period that would run now: that of a job without backfill is always a young one.
  const missing = doneUntil ? job.schedule.firstEndingAfter(doneUntil).to : knownSince;
  const since = Math.max(missing.getTime(), knownSince.getTime());
  return now.getTime() - since > lateAfterMs;
}

export function standingsOf(
  jobs: readonly ScheduledJob[],
  states: ReadonlyMap<string, JobState>,
  now: Date,
  lateAfterMs: number,
): readonly Standing[] {
  return jobs.map((job) => {
    const state = states.get(job.name);
    const isFailed = (state?.errorCount ?? 0) > 0;
    const late = isLate(job, state, now, lateAfterMs);
    const word = isFailed
      ? late
        ? 'failed and late'
        : 'failed'
      : late
        ? 'late'
        : state?.ongoing?.isHeld
          ? 'running'
          : 'ok';
    return { job, state, isFailed, isLate: late, word };
  });
}

/** Puts what is true of every process into the gauges. */
export function measureStandings(standings: readonly Standing[]): void {
  for (const { job, state, isLate: late } of standings) {
    metrics.set('crontabber_errors', state?.errorCount ?? 0, { job: job.name });
    metrics.set('crontabber_late', late ? 1 : 0, { job: job.name });
  }
}
