/**
 * A simulated month: nodes that run jobs over one database whose leases go by a simulated clock; jobs fail, nodes are
 * killed in the middle of a job, clocks jump. Everything that happens is written down for a test to judge.
 */

import { sql } from 'kysely';
import { type AnyJob, defineJob, type Every, type Period } from '../../src/crontabber/job.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { CronLoop } from '../../src/crontabber/loop.ts';
import type { Database } from '../../src/database/contract.ts';
import { HOUR_MS, loopDeps, MINUTE_MS } from './loop-bench.ts';

/** Mulberry32: the same numbers for the same seed. Which of two nodes gets the next one is theirs to race for. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Event {
  readonly what: 'start' | 'done' | 'fail' | 'kill';
  readonly job: string;
  readonly period: Period;
}

export interface Simulation {
  readonly jobs: readonly AnyJob[];
  readonly events: readonly Event[];
  /** What must never be, as it happened. */
  readonly violations: readonly string[];
  readonly kills: number;
}

const SHAPES: readonly (readonly [Every, string | undefined, boolean, readonly number[]])[] = [
  ['90m', undefined, true, []],
  ['2h', undefined, false, [0]],
  ['3h', undefined, true, [0]],
  ['4h', undefined, false, []],
  ['6h', undefined, true, [2, 3]],
  ['6h', undefined, false, []],
  ['8h', undefined, true, [0]],
  ['12h', undefined, true, [4, 5]],
  ['12h', undefined, false, [6]],
  ['12h', undefined, true, []],
  ['1d', undefined, true, [7, 8]],
  ['1d', '06:00', true, [9]],
  ['1d', '23:59', true, [10]],
  ['1d', '00:01', false, [10]],
  ['1d', '12:30', true, []],
  ['2d', '03:00', true, [11, 14]],
  ['2d', undefined, false, [12]],
  ['1w', undefined, true, [13]],
  ['1w', '06:00', true, [15, 17]],
  ['30m', undefined, false, []],
];

const nameOf = (index: number): string => `job${String(index).padStart(2, '0')}`;

/** A node that died does nothing any more, not even to the database. */
class NodeStore extends JobStore {
  isDead = false;
  override async end(...args: Parameters<JobStore['end']>) {
    return this.isDead ? new Promise<boolean>(() => undefined) : super.end(...args);
  }
}

interface Node {
  readonly died: PromiseWithResolvers<void>;
  readonly store: NodeStore;
  /** Off the true time. */
  skewMs: number;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly days: number;
  readonly start: number;
}

export async function simulate(database: Database, options: SimulationOptions): Promise<Simulation> {
  const random = randomOf(options.seed);
  const events: Event[] = [];
  const violations: string[] = [];
  const active = new Set<string>();
  let now = options.start;
  let isCalm = false;
  let kills = 0;

  await sql`create table sim_clock (ms integer not null)`.execute(database.tables());
  await sql`insert into sim_clock values (${now})`.execute(database.tables());
  const clock = sql<number>`(select ms from sim_clock)`;

  const run = async (node: Node, job: string, period: Period): Promise<void> => {
    if (active.has(job)) violations.push(`${job} runs twice at once`);
    active.add(job);
    events.push({ what: 'start', job, period });
    // Others get a chance to do what they must not.
    await new Promise((resolve) => setImmediate(resolve));
    const fate = isCalm ? 1 : random();
    active.delete(job);
    if (fate < 0.03) {
      kills += 1;
      events.push({ what: 'kill', job, period });
      node.store.isDead = true;
      node.died.resolve();
      await new Promise(() => undefined);
    }
    if (fate < 0.1) {
      events.push({ what: 'fail', job, period });
      throw new Error('bad luck');
    }
    events.push({ what: 'done', job, period });
  };

  const jobsOn = (node: Node): readonly AnyJob[] =>
    SHAPES.map(([every, at, backfill, after], index) =>
      defineJob({
        name: nameOf(index),
        every,
        ...(at === undefined ? {} : { at }),
        backfill,
        after: after.map(nameOf),
        timeoutMs: HOUR_MS,
        run: ({ period }) => run(node, nameOf(index), period),
      }),
    );

  const born = (): Node => ({
    died: Promise.withResolvers<void>(),
    store: new NodeStore(database, clock),
    skewMs: 0,
  });
  const loopOf = (node: Node) =>
    new CronLoop(
      loopDeps(database, jobsOn(node), () => now + node.skewMs, { store: node.store, logDays: 0 }),
    );

  const nodes = [born(), born()].map((node) => ({ node, loop: loopOf(node) }));
  const never = new AbortController().signal;
  const end = options.start + options.days * 24 * HOUR_MS;
  while (now < end) {
    // The last day is calm, so that everything can be caught up with.
    isCalm = now > end - 24 * HOUR_MS;
    now += Math.round((15 + random() * 120) * MINUTE_MS);
    await sql`update sim_clock set ms = ${now}`.execute(database.tables());
    await Promise.all(
      nodes.map(async (place) => {
        if (isCalm) place.node.skewMs = 0;
        else if (random() < 0.02) place.node.skewMs = Math.round((random() - 0.5) * 6 * HOUR_MS);
        await Promise.race([place.loop.runDue({ signal: never }), place.node.died.promise]);
        if (!place.node.store.isDead) return;
        place.node = born();
        place.loop = loopOf(place.node);
      }),
    );
  }
  return { jobs: jobsOn(born()), events, violations, kills };
}
