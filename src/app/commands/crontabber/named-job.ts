/** Jobs as people name them. */
import { OLD_NAMES } from '../../../crontabber/default-jobs.ts';
import type { ScheduledJob } from '../../../crontabber/job-list.ts';
import { nearest } from '../../../lib/settings.ts';
import { UsageError } from '../../command.ts';

/** The name here of what may be named as the original named it. */
const nameHere = (written: string): string => OLD_NAMES.get(written) ?? written;

/** The same of what may be named by its `Class:` in --list-jobs too. */
export const nameIn = (written: string, jobs: readonly ScheduledJob[]): string =>
  jobs.find(({ source }) => source === written)?.name ?? nameHere(written);

/** Throws `UsageError` with the nearest name. */
export function unknownJob(written: string, known: Iterable<string>): never {
  const near = nearest(written, known);
  throw new UsageError(`there is no job ${JSON.stringify(written)}${near ? `; did you mean ${near}?` : ''}`);
}

export function namedJob(written: string, jobs: readonly ScheduledJob[]): ScheduledJob {
  const found = jobs.find(({ name }) => name === nameIn(written, jobs));
  return found ?? unknownJob(written, jobs.map(({ name }) => name).concat(...OLD_NAMES.keys()));
}

/** Another process has the job. */
export const RUNS_ELSEWHERE = 3;
