/** Every job in the order in which they are configured, in the layout of the original. */
import { countPending } from '../../../crontabber/due.ts';
import type { JobState } from '../../../crontabber/job-state.ts';
import { timingText } from '../../../crontabber/period.ts';
import type { Standing } from '../../../crontabber/standing.ts';
import { systemClock } from '../../../lib/clock.ts';
import type { CommandContext } from '../../command.ts';
import { type OutputRow, printRows } from '../../rows.ts';
import { withApp } from '../../with-app.ts';
import { timeSince, timeText } from './time-words.ts';

const line = (label: string, value: string): string => `${label.padEnd(15)} ${value}`.trimEnd();

const past = (time: Date | undefined, now: Date, none: string): string =>
  time === undefined ? none : `${timeText(time).padEnd(20)} (${timeSince(time, now)} ago)`;

function next(time: Date | undefined, now: Date): string {
  if (time === undefined) return 'none';
  const words = time > now ? `in ${timeSince(now, time)}` : `was ${timeSince(time, now)} ago`;
  return `${timeText(time).padEnd(20)} (${words})`;
}

/** The lines of an error. Node's frames begin with the most recent one, and the label says so. */
function errorLines({ errorCount, lastError }: JobState): readonly string[] {
  if (!lastError) return [];
  const { type, value, traceback } = lastError;
  const head = value === '' ? type : `${type}: ${value}`;
  // It begins with what the original says last.
  const frames = traceback.startsWith(head) ? traceback.slice(head.length).replace(/^\n/, '') : traceback;
  return [
    // `(1 times)`, as in the original: scripts look for it.
    line('Error!!', `(${errorCount} times)`),
    'Traceback (most recent call first):',
    ...(frames === '' ? [] : [frames.replace(/^at /gm, '    at ')]),
    head,
  ];
}

/** The block of one job. One that has run ends with a blank line, one that has not does not. */
export function jobLines({ job, state }: Standing, now: Date): readonly string[] {
  const head = [
    `=== JOB ${'='.repeat(72)}`,
    line('Class:', job.source),
    line('App name:', job.name),
    line('Frequency:', timingText(job.schedule.timing)),
    ...(job.after.length > 0 ? [line('After:', job.after.join(', '))] : []),
  ];
  if (!state || !(state.lastRun || state.lastSuccess || state.ongoing))
    return [...head, '*NO PREVIOUS RUN INFO*'];
  const { ongoing } = state;
  const started = ongoing && `Started ${timeSince(ongoing.since, now)} ago on ${ongoing.host}`;
  const pending = countPending(job, state, now);
  return [
    ...head,
    ...(started ? [line(ongoing?.isHeld ? 'Ongoing now!' : 'Lost:', started)] : []),
    line('Last run:', past(state.lastRun, now, 'none')),
    line('Last success:', past(state.lastSuccess, now, 'no previous successful run')),
    line('Next run:', next(state.nextRun, now)),
    line('Done until:', state.doneUntil ? timeText(state.doneUntil) : 'nothing'),
    ...(pending > 0 ? [line('Missing:', `${pending} ${pending === 1 ? 'period' : 'periods'}`)] : []),
    ...errorLines(state),
    '',
  ];
}

const iso = (time: Date | undefined): string | null => time?.toISOString() ?? null;

/** `run_order` counts from 1. */
export function jobRow({ job, state, word }: Standing, runOrder: number, now: Date): OutputRow {
  return {
    job: job.name,
    class: job.source,
    run_order: runOrder,
    frequency: job.schedule.timing.every,
    time: job.schedule.timing.at ?? null,
    depends_on: job.after,
    backfill: job.definition.backfill === true,
    state: word,
    known_since: iso(state?.knownSince),
    first_run: iso(state?.firstRun),
    last_run: iso(state?.lastRun),
    last_success: iso(state?.lastSuccess),
    next_run: iso(state?.nextRun),
    done_until: iso(state?.doneUntil),
    missing_periods: countPending(job, state, now),
    ongoing_since: iso(state?.ongoing?.since),
    ongoing_host: state?.ongoing?.host ?? null,
    is_lost: state?.ongoing?.isHeld === false,
    error_count: state?.errorCount ?? 0,
    last_failure: iso(state?.lastFailure),
    last_error: state?.lastError ?? null,
  };
}

/** CSV has no lists and objects. */
function flat(row: OutputRow): OutputRow {
  const {
    depends_on: after,
    last_error: error,
    ...rest
  } = row as OutputRow & {
    readonly depends_on: readonly string[];
    readonly last_error: { readonly type: string; readonly value: string } | null;
  };
  return { ...rest, depends_on: after.join(' '), last_error: error && `${error.type}: ${error.value}` };
}

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const now = systemClock.now();
    const inRunOrder = await (await app.crontabber()).standings();
    const standings = inRunOrder.toSorted((a, b) => a.job.place - b.job.place);
    const { format } = context.options;
    const rows = (): OutputRow[] =>
      standings.map((standing) => jobRow(standing, inRunOrder.indexOf(standing) + 1, now));
    if (format === 'json') printRows(context, rows());
    else if (format === 'csv') printRows(context, rows().map(flat));
    else for (const standing of standings) context.print(jobLines(standing, now).join('\n'));
    return 0;
  });
