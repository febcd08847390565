/** What `crontabber` is asked to do: one thing, or the first of the original's order. */
import { type CommandContext, UsageError } from '../../command.ts';

export interface Mode {
  run(context: CommandContext): Promise<number>;
}

export type ModeName = keyof typeof MODES;

/** In the original's order of precedence; loaded when chosen. */
export const MODES = {
  markSuccess: () => import('./mark-success.ts'),
  listJobs: () => import('./list-jobs.ts'),
  listRuns: () => import('./list-runs.ts'),
  nagios: () => import('./nagios.ts'),
  resetJob: () => import('./reset-job.ts'),
  auditGhosts: () => import('./audit-ghosts.ts'),
  configtest: () => import('./configtest.ts'),
  sentrytest: () => import('./sentrytest.ts'),
  dryRun: () => import('./dry-run.ts'),
  job: () => import('./run-job.ts'),
  loop: () => import('./loop.ts'),
  due: () => import('./run-due.ts'),
} satisfies Readonly<Record<string, () => Promise<Mode>>>;

const FLAGS: readonly (readonly [ModeName, string])[] = [
  ['markSuccess', '--mark-success'],
  ['listJobs', '--list-jobs'],
  ['listRuns', '--list-runs'],
  ['nagios', '--nagios'],
  ['resetJob', '--reset-job'],
  ['auditGhosts', '--audit-ghosts'],
  ['configtest', '--configtest'],
  ['sentrytest', '--sentrytest'],
  ['dryRun', '--dry-run'],
  ['job', '--job'],
  ['loop', '--loop'],
];

const LISTINGS: ReadonlySet<ModeName> = new Set(['listJobs', 'listRuns', 'auditGhosts', 'dryRun', 'nagios']);

/** Throws `UsageError` for flags that say two things, or nothing. */
export function chooseMode({ options }: CommandContext): ModeName {
  const isGiven = (name: string): boolean => options[name] !== undefined && options[name] !== false;
  const given = FLAGS.filter(([mode]) => isGiven(mode) || (mode === 'resetJob' && isGiven('reset')));
  const about = given.filter(([mode]) => mode !== 'job');
  const [first, second] = about;
  const takesJob = first === undefined || first[0] === 'listRuns';
  if (second && first) throw new UsageError(`${first[1]} and ${second[1]} are two things: choose one`);
  if (first && isGiven('job') && !takesJob)
    throw new UsageError(`${first[1]} and --job are two things: choose one`);
  const mode = first?.[0] ?? given[0]?.[0] ?? 'due';
  for (const name of ['force', 'from', 'to'])
    if (isGiven(name) && mode !== 'job') throw new UsageError(`--${name} is for --job`);
  const { format } = options;
  if (!['text', 'json', 'csv'].includes(String(format)))
    throw new UsageError(`--format is text, csv or json, not ${JSON.stringify(format)}`);
  if (format !== 'text' && !LISTINGS.has(mode)) throw new UsageError('--format is for listings');
  return mode;
}
