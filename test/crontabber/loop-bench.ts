/** Jobs, and what a loop over a real database needs, with a clock of the test's own. */
import { type AnyJob, defineJob } from '../../src/crontabber/job.ts';
import { checkedJobs, readJobList, type ScheduledJob } from '../../src/crontabber/job-list.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import type { LoopDeps } from '../../src/crontabber/loop.ts';
import type { Database } from '../../src/database/contract.ts';
import { transactionExecutor } from '../../src/database/transactions.ts';
import { silentLog } from '../../src/lib/log.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export const scheduled = (definitions: readonly AnyJob[], text = ''): readonly ScheduledJob[] =>
  checkedJobs(
    readJobList(text, {
      known: definitions.map((definition) => ({ definition, source: 'a test' })),
      oldNames: new Map(),
    }),
  );

export const loopDeps = (
  database: Database,
  jobs: readonly AnyJob[],
  now: () => number,
  changes: Partial<LoopDeps> = {},
): LoopDeps => ({
  jobs: scheduled(jobs),
  store: changes.store ?? new JobStore(database),
  services: { log: silentLog } as LoopDeps['services'],
  executorOf: (kind) => transactionExecutor(database, { kind, log: silentLog, delaysMs: [1, 1] }),
  clock: { now: () => new Date(now()) },
  log: silentLog,
  host: 'here',
  errorRetryMs: 5 * MINUTE_MS,
  leaseMs: MINUTE_MS,
  graceMs: 20,
  concurrency: 1,
  tickMs: MINUTE_MS,
  logDays: 90,
  onNewFailure: () => undefined,
  ...changes,
});

/** A daily job that tells `runs` when it ran. */
export const dailyJob = (
  name: string,
  runs: string[],
  { fails, ...settings }: Partial<AnyJob> & { readonly fails?: () => boolean } = {},
): AnyJob =>
  defineJob({
    name,
    every: '1d',
    timeoutMs: MINUTE_MS,
    run: async () => {
      runs.push(name);
      if (fails?.()) throw new TypeError(`${name} failed`);
    },
    ...settings,
  });
