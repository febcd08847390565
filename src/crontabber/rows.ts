/** Rows of the crontabber's tables, and what they mean. */
import type { JobError, JobState, StateChange } from './job-state.ts';
import type { Outcome, RunRecord } from './run-record.ts';

type Text = string | null;

export interface StateRow {
  readonly app_name: string;
  readonly known_since: string;
  readonly first_run: Text;
  readonly last_run: Text;
  readonly last_success: Text;
  readonly next_run: Text;
  readonly done_until: Text;
  readonly error_count: number;
  readonly last_failure: Text;
  /** JSON of a `JobError`. */
  readonly last_error: Text;
  /** JSON list. */
  readonly depends_on: string;
  readonly ongoing: Text;
  readonly ongoing_host: Text;
  readonly ongoing_run: Text;
}

export interface RunRow {
  readonly id: string;
  readonly app_name: string;
  readonly host: string;
  readonly period_from: string;
  readonly period_to: string;
  readonly started: string;
  readonly duration_ms: number | null;
  readonly outcome: Outcome;
  readonly exc_type: Text;
  readonly exc_value: Text;
  readonly exc_traceback: Text;
}

const timeOf = (text: Text): Date | undefined => (text === null ? undefined : new Date(text));

export function stateOf(row: StateRow, isHeld: boolean): JobState {
  const { ongoing, ongoing_run: run } = row;
  return {
    name: row.app_name,
    knownSince: new Date(row.known_since),
    firstRun: timeOf(row.first_run),
    lastRun: timeOf(row.last_run),
    lastSuccess: timeOf(row.last_success),
    nextRun: timeOf(row.next_run),
    doneUntil: timeOf(row.done_until),
    errorCount: row.error_count,
    lastFailure: timeOf(row.last_failure),
    lastError: row.last_error === null ? undefined : (JSON.parse(row.last_error) as JobError),
    dependsOn: JSON.parse(row.depends_on) as string[],
    ongoing:
      ongoing === null || run === null
        ? undefined
        : { run, since: new Date(ongoing), host: row.ongoing_host ?? '', isHeld },
  };
}

export const runOf = (row: RunRow): RunRecord => ({
  id: row.id,
  job: row.app_name,
  host: row.host,
  period: { from: new Date(row.period_from), to: new Date(row.period_to) },
  started: new Date(row.started),
  outcome: row.outcome,
  durationMs: row.duration_ms ?? undefined,
  error:
    row.exc_type === null
      ? undefined
      : { type: row.exc_type, value: row.exc_value ?? '', traceback: row.exc_traceback ?? '' },
});

const isoText = (time: Date | undefined): Text => time?.toISOString() ?? null;

/** Only what the change names. */
export function columnsOf(change: StateChange): Partial<StateRow> {
  const { lastError, errorCount } = change;
  return {
    ...('lastSuccess' in change ? { last_success: isoText(change.lastSuccess) } : {}),
    ...('nextRun' in change ? { next_run: isoText(change.nextRun) } : {}),
    ...('doneUntil' in change ? { done_until: isoText(change.doneUntil) } : {}),
    ...('lastFailure' in change ? { last_failure: isoText(change.lastFailure) } : {}),
    ...(errorCount === undefined ? {} : { error_count: errorCount }),
    ...('lastError' in change ? { last_error: lastError ? JSON.stringify(lastError) : null } : {}),
  };
}
