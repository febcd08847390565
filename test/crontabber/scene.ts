/** What tests of the crontabber play on: a real database, jobs that tell when they ran, a clock that the test moves. */
import { Crontabber, type CrontabberDeps } from '../../src/crontabber/crontabber.ts';
import type { AnyJob, JobContext } from '../../src/crontabber/job.ts';
import type { JobFailure } from '../../src/crontabber/job-run.ts';
import type { JobState } from '../../src/crontabber/job-state.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { CronLoop } from '../../src/crontabber/loop.ts';
import { crontabberMigrations } from '../../src/crontabber/migrations.ts';
import type { RunRecord } from '../../src/crontabber/run-record.ts';
import type { Database } from '../../src/database/contract.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Dialect } from '../database/dialects.ts';
import { dailyJob, HOUR_MS, loopDeps } from './loop-bench.ts';

const MORNING = Date.parse('2026-11-21T06:00:00Z');
export const DAY_MS = 24 * HOUR_MS;
export const never = new AbortController().signal;

export interface Scene {
  readonly database: Database;
  readonly store: JobStore;
  /** Ms since 1970: what the clock says. */
  now: number;
  /** Names of the jobs that ran, or what else they say of their runs. */
  readonly runs: string[];
  readonly failures: JobFailure[];
  /** Another connection to the same database; whoever asks closes it. */
  openAgain(): Promise<Database>;
  /** For jobs of the test's own: notes the day that the run is for among `runs`. */
  tell(context: JobContext): void;
  /** A daily one. */
  job(name: string, settings?: Parameters<typeof dailyJob>[2]): AnyJob;
  loop(jobs: readonly AnyJob[], changes?: Partial<CrontabberDeps>): CronLoop;
  crontabber(jobs: readonly AnyJob[], changes?: Partial<CrontabberDeps>): Crontabber;
  stateOf(name: string): Promise<JobState | undefined>;
  /** The newest first. */
  outcomes(name: string): Promise<readonly RunRecord['outcome'][]>;
  close(): Promise<void>;
}

export async function newScene(dialect: Dialect): Promise<Scene> {
  const place = await dialect.make();
  const openAgain = () => openDatabase(place.url, { log: silentLog });
  const database = await openAgain();
  await migrate(database, crontabberMigrations);
  const store = new JobStore(database);
  const runs: string[] = [];
  const failures: JobFailure[] = [];
  const deps = (jobs: readonly AnyJob[], changes: Partial<CrontabberDeps>): CrontabberDeps => ({
    ...loopDeps(database, jobs, () => scene.now, { store }),
    lateAfterMs: HOUR_MS,
    onNewFailure: (failure) => void failures.push(failure),
    ...changes,
  });
  const scene: Scene = {
    database,
    store,
    now: MORNING,
    runs,
    failures,
    openAgain,
    tell: ({ period }) => void runs.push(period.to.toISOString().slice(0, 10)),
    job: (name, settings = {}) => dailyJob(name, runs, settings),
    loop: (jobs, changes = {}) => new CronLoop(deps(jobs, changes)),
    crontabber: (jobs, changes = {}) => new Crontabber(deps(jobs, changes)),
    stateOf: async (name) => (await store.load()).get(name),
    outcomes: async (name) => (await store.runs(name, 100)).map(({ outcome }) => outcome),
    async close() {
      await database.close();
      await place.remove();
    },
  };
  return scene;
}

/** Resolves with the names of those that ran. */
export const due = (one: {
  runDue(options: { readonly signal: AbortSignal }): Promise<readonly string[]>;
}): Promise<readonly string[]> => one.runDue({ signal: never });
