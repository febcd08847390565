/** Four weeks of twenty jobs with failures, kills and clock jumps, judged by what must hold whatever happens. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { crontabberMigrations } from '../../src/crontabber/migrations.ts';
import { scheduleOf } from '../../src/crontabber/period.ts';
import type { RunRecord } from '../../src/crontabber/run-record.ts';
import type { Database } from '../../src/database/contract.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { scratchFolder } from '../database/scratch.ts';
import { type Simulation, simulate } from './simulation.ts';

const START = Date.parse('2026-02-10T04:17:00Z');
const DAYS = 28;
const SEED = Number(process.env['SIMULATION_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let database: Database;

beforeEach(async () => {
  const folder = await scratchFolder();
  database = await openDatabase(`sqlite:${folder}/sim.db`, { log: silentLog });
  await migrate(database, crontabberMigrations);
});

afterEach(() => database.close());

const doneOf = (runs: readonly RunRecord[], job: string): readonly number[] =>
  runs.filter((run) => run.job === job && run.outcome === 'done').map(({ period }) => period.to.getTime());

const upwards = (ends: readonly number[]): readonly number[] => [...ends].sort((a, b) => a - b);

/** At each start every job it comes after is done for all of its own periods that end by then. */
function earlyStarts({ jobs, events }: Simulation): string[] {
  const done = new Map<string, Set<number>>(jobs.map(({ name }) => [name, new Set()]));
  const wrong: string[] = [];
  for (const { what, job, period } of events) {
    if (what === 'done') done.get(job)?.add(period.to.getTime());
    if (what !== 'start') continue;
    for (const name of jobs.find((one) => one.name === job)?.after ?? []) {
      const before = jobs.find((one) => one.name === name);
      const ends = [...(done.get(name) ?? [])];
      if (!before) continue;
      const schedule = scheduleOf(before);
      const needed = schedule.lastEndingBy(period.to).to.getTime();
      if (Math.max(...ends) < needed) wrong.push(`${job} for ${period.to.toISOString()} before ${name}`);
      if (before.backfill !== true) continue;
      for (
        let end = new Date(Math.min(...ends));
        end.getTime() <= needed;
        end = schedule.firstEndingAfter(end).to
      )
        if (!ends.includes(end.getTime()))
          wrong.push(`${job} for ${period.to.toISOString()} without ${name} for ${end.toISOString()}`);
    }
  }
  return wrong;
}

it(`four weeks of twenty jobs, seed ${SEED}`, { timeout: 60_000 }, async () => {
  const begun = process.cpuUsage();
  const simulation = await simulate(database, { seed: SEED, days: DAYS, start: START });
  const { user, system } = process.cpuUsage(begun);
  // Of the processor: other tests have it at the same time.
  const seconds = (user + system) / 1_000_000;
  const store = new JobStore(database);
  const runs = await store.runs(undefined, 100_000);
  const states = await store.load();
  const hint = `SIMULATION_SEED=${SEED}`;

  expect(simulation.violations, hint).toEqual([]);
  expect(earlyStarts(simulation), hint).toEqual([]);
  // It was a hard month.
  expect(simulation.kills, hint).toBeGreaterThan(20);
  expect(runs.filter(({ outcome }) => outcome === 'lost')).toHaveLength(simulation.kills);
  expect(runs.filter(({ outcome }) => outcome === 'failed').length, hint).toBeGreaterThan(50);
  expect(runs.filter(({ outcome }) => outcome === 'running')).toEqual([]);

  for (const job of simulation.jobs) {
    const ends = simulation.events.flatMap(({ what, job: name, period }) =>
      what === 'done' && name === job.name ? [period.to.getTime()] : [],
    );
    const title = `${job.name}, ${hint}`;
    // Each period once, and the older ones first. The log has the times of nodes whose clocks jump.
    expect(ends, title).toEqual(upwards([...new Set(ends)]));
    expect(upwards(doneOf(runs, job.name)), title).toEqual(ends);
    const schedule = scheduleOf(job);
    // Every period since the job was known, but for those that a job without backfill passes over.
    const last = schedule.lastEndingBy(new Date(START + DAYS * 86_400_000 - 3_600_000)).to.getTime();
    expect(ends.at(-1), title).toBeGreaterThanOrEqual(last);
    expect(states.get(job.name), title).toMatchObject({ errorCount: 0, ongoing: undefined });
    if (job.backfill !== true) continue;
    for (const [at, end] of ends.entries())
      if (at > 0)
        expect(schedule.firstEndingAfter(new Date(ends[at - 1] as number)).to.getTime(), title).toBe(end);
  }
  expect(seconds, hint).toBeLessThan(10);
});
