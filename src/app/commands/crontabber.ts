import { type CommandOption, defineCommand } from '../command.ts';
import { chooseMode, MODES } from './crontabber/modes.ts';

const OPTIONS: readonly CommandOption[] = [
  { flags: '--loop', doc: 'keep running, on any number of machines; without it, run what is due and end' },
  { flags: '--dry-run', doc: 'say what would run, in order, and why each other job would not' },
  { flags: '--list-jobs', doc: 'every job with its last and next run and its last error' },
  { flags: '--list-runs', doc: 'the log of runs, newest first; with --job of that job alone' },
  { flags: '--job <name>', doc: 'run this job now for its last complete period, even if that is done' },
  { flags: '--force', doc: 'with --job: whatever it depends on' },
  {
    flags: '--from <time>',
    doc: 'with --job: run every period from here (2026-11-21 or 2026-11-21T06:00Z) …',
  },
  { flags: '--to <time>', doc: '… to here, oldest first; default: now' },
  { flags: '--reset-job <name>', doc: 'forget what is known of a job: it is new then' },
  { flags: '--reset <name>', doc: 'the same as --reset-job' },
  { flags: '--mark-success <names>', doc: 'take jobs for done until now: one, several with commas, or all' },
  { flags: '--audit-ghosts', doc: 'jobs that the database knows and the configuration does not' },
  { flags: '--nagios', doc: 'one line and exit code 0 (all well), 1 (warning) or 2 (critical)' },
  { flags: '--configtest', doc: 'check CRONTABBER_JOBS; prints every mistake, and nothing when all is well' },
  { flags: '--sentrytest', doc: 'send a test message to every alert channel and say what became of it' },
  { flags: '--format <format>', doc: 'of listings: text, json or csv', default: 'text' },
  { flags: '--limit <n>', doc: 'of --list-runs', default: '50' },
];

export default defineCommand({
  name: 'crontabber',
  summary:
    'Run the cron jobs that are due, dependencies first. Exit codes: 0 done (a job that fails by itself is told by alerts, --nagios and health), 1 could not be done or the job of --job failed, 2 called wrongly (--nagios: critical), 3 the job runs elsewhere',
  options: OPTIONS,
  sections: ['app', 'crontabber', 'database', 'notify'],
  examples: [
    'crontabber',
    'crontabber --loop',
    'crontabber --dry-run',
    'crontabber --list-jobs --format json',
    'crontabber --job product-versions --from 2026-11-01 --to 2026-11-08',
    "crontabber --configtest --crontabber-jobs='+cleanup-search|7d|06:00,-bugs'",
  ],
  run: async (context) => (await MODES[chooseMode(context)]()).run(context),
});
