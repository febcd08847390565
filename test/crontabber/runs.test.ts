/** Runs on a real database of each engine: backfill, transactions, lost and late processes, time limits, runs by hand. */
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Crontabber } from '../../src/crontabber/crontabber.ts';
import { heartbeatOf, openHealthServer } from '../../src/crontabber/health-server.ts';
import type { AnyJob, JobContext } from '../../src/crontabber/job.ts';
import type { JobFailure } from '../../src/crontabber/job-run.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import type { LoopDeps } from '../../src/crontabber/loop.ts';
import { crontabberMigrations } from '../../src/crontabber/migrations.ts';
import type { Database } from '../../src/database/contract.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { transactionExecutor } from '../../src/database/transactions.ts';
import { silentLog } from '../../src/lib/log.ts';
import { onEachDialect, type Place } from '../database/dialects.ts';
import { dailyJob, HOUR_MS, loopBench, MINUTE_MS, scheduled } from './loop-bench.ts';

const MORNING = Date.parse('2026-11-21T06:00:00Z');
const DAY_MS = 24 * HOUR_MS;
const never = new AbortController().signal;

let place: Place;
let database: Database;
let store: JobStore;
let now = MORNING;
let runs: string[] = [];
let failures: JobFailure[] = [];

const ran: (context: JobContext) => void = ({ period }) =>
  void runs.push(period.to.toISOString().slice(0, 10));

const job = (name: string, settings: Parameters<typeof dailyJob>[2] = {}): AnyJob =>
  dailyJob(name, runs, settings);

function crontabber(jobs: readonly AnyJob[], changes: Partial<LoopDeps> = {}): Crontabber {
  return new Crontabber({
    jobs: scheduled(jobs),
    store,
    services: { log: silentLog } as LoopDeps['services'],
    executorOf: (kind) => transactionExecutor(database, { kind, log: silentLog, delaysMs: [1, 1] }),
    clock: { now: () => new Date(now) },
    log: silentLog,
    host: 'here',
    errorRetryMs: 5 * MINUTE_MS,
    leaseMs: MINUTE_MS,
    graceMs: 20,
    concurrency: 1,
    tickMs: MINUTE_MS,
    logDays: 90,
    lateAfterMs: HOUR_MS,
    onNewFailure: (failure) => void failures.push(failure),
    ...changes,
  });
}

const due = (one: Crontabber): Promise<readonly string[]> => one.runDue({ signal: never });
const stateOf = async (name: string) => (await store.load()).get(name);
const outcomes = async (name: string) => (await store.runs(name, 100)).map(({ outcome }) => outcome);

onEachDialect((dialect) => {
  beforeEach(async () => {
    place = await dialect.make();
    database = await openDatabase(place.url, { log: silentLog });
    await migrate(database, crontabberMigrations);
    store = new JobStore(database);
    now = MORNING;
    runs = [];
    failures = [];
  });

  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  describe('backfill', () => {
    it('runs what was missed, oldest first; a failure keeps what was done, and the next run goes on there', async () => {
      let bad: string | undefined;
      const one = crontabber([
        job('a', {
          backfill: true,
          async run(context) {
            ran(context);
            if (context.period.to.toISOString().startsWith(String(bad))) throw new Error('bad day');
          },
        }),
      ]);
      await due(one);
      expect(runs).toEqual(['2026-11-21']);
      now += 4 * DAY_MS;
      bad = '2026-11-24';
      await due(one);
      expect(runs.splice(0)).toEqual(['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24']);
      expect(await stateOf('a')).toMatchObject({
        doneUntil: new Date('2026-11-23T00:00:00Z'),
        errorCount: 1,
      });
      bad = undefined;
      now += 5 * MINUTE_MS;
      await due(one);
      expect(runs).toEqual(['2026-11-24', '2026-11-25']);
      expect((await outcomes('a')).filter((outcome) => outcome === 'done')).toHaveLength(5);
    });
  });

  describe('transactions', () => {
    const table = async () => sql`create table effect (day text primary key)`.execute(database.tables());
    const effects = async () =>
      (await sql<{ day: string }>`select day from effect`.execute(database.tables())).rows.length;
    const insert = (db: Kysely<unknown> | undefined, day: string) =>
      sql`insert into effect (day) values (${day})`.execute(db ?? database.tables());

    it('are committed with the record, undone when the job throws, and tried again after failures of the engine', async () => {
      await table();
      const fails: (() => void)[] = [
        () => {
          throw new TypeError('no');
        },
        () => undefined,
      ];
      const one = crontabber([
        job('a', {
          transaction: 'limited',
          async run({ period, transaction }) {
            await insert(transaction, period.to.toISOString());
            fails.shift()?.();
          },
        }),
      ]);
      await due(one);
      expect([await effects(), (await stateOf('a'))?.errorCount]).toEqual([0, 1]);
      now += 5 * MINUTE_MS;
      await due(one);
      expect([await effects(), (await stateOf('a'))?.errorCount]).toEqual([1, 0]);
      expect(await outcomes('a')).toEqual(['done', 'failed']);
    });

    it('are not committed by a process that was taken over', async () => {
      await table();
      const one = crontabber([
        job('a', {
          transaction: 'none',
          async run({ period, transaction }) {
            // As if this process had slept and another one had found the run.
            await sql`update crontabber_state set ongoing_run = 'another'`.execute(
              transaction as Kysely<unknown>,
            );
            await insert(transaction, period.to.toISOString());
          },
        }),
      ]);
      await due(one);
      expect(await effects()).toBe(0);
      expect(failures).toEqual([]);
    });
  });

  describe('a process that sleeps while its lease runs out', () => {
    it('records nothing when it wakes: the run is lost, once, and told once', async () => {
      const asleep = Promise.withResolvers<void>();
      const started = Promise.withResolvers<void>();
      let first = true;
      const jobs = [
        job('a', {
          async run(context) {
            ran(context);
            if (!first) return;
            first = false;
            started.resolve();
            await asleep.promise;
          },
        }),
      ];
      const sleeper = due(crontabber(jobs, { host: 'sleepy' }));
      await started.promise;
      await sql`update crontabber_lease set until_ms = 0`.execute(database.tables());
      expect((await crontabber(jobs).standings())[0]?.state?.ongoing).toMatchObject({
        host: 'sleepy',
        isHeld: false,
      });
      await due(crontabber(jobs));
      expect(await stateOf('a')).toMatchObject({ errorCount: 1, ongoing: undefined, doneUntil: undefined });
      asleep.resolve();
      await sleeper;
      expect(await stateOf('a')).toMatchObject({ errorCount: 1, doneUntil: undefined });
      expect(await outcomes('a')).toEqual(['lost']);
      expect(failures.map(({ host, error }) => [host, error.type])).toEqual([['sleepy', 'LeaseLostError']]);
      now += 5 * MINUTE_MS;
      await due(crontabber(jobs));
      expect(await stateOf('a')).toMatchObject({
        errorCount: 0,
        doneUntil: new Date('2026-11-21T00:00:00Z'),
      });
    });
  });

  describe('by hand', () => {
    it('runs the last period, even if it is done, and not before what it depends on, but with force', async () => {
      const one = crontabber([job('a'), job('b', { after: ['a'] })]);
      const [a, b] = one.jobs;
      if (!a || !b) throw new Error('two jobs');
      expect(await one.runByHand(b, { force: false, signal: never })).toMatchObject({
        ended: 'blocked',
        reason: 'it comes after a, which has not succeeded yet',
      });
      expect(await one.runByHand(b, { force: true, signal: never })).toMatchObject({ ended: 'done' });
      await one.runByHand(a, { force: false, signal: never });
      await one.runByHand(a, { force: false, signal: never });
      expect(runs).toEqual(['b', 'a', 'a']);
      expect(await outcomes('a')).toEqual(['done', 'done']);
    });

    it('runs a range, oldest first, each recorded, with its progress; a failure ends it', async () => {
      const one = crontabber([
        job('a', {
          async run(context) {
            ran(context);
            if (runs.length === 3) throw new Error('third');
          },
        }),
      ]);
      const [a] = one.jobs;
      if (!a) throw new Error('a job');
      const progress: string[] = [];
      const range = { from: new Date('2026-11-10T00:00:00Z'), to: new Date('2026-11-15T12:00:00Z') };
      const result = await one.runByHand(a, {
        range,
        force: false,
        signal: never,
        onPeriod: (_period, done, total) => void progress.push(`${done}/${total}`),
      });
      expect(result).toMatchObject({ ended: 'failed', total: 5, error: { type: 'Error', value: 'third' } });
      expect(result.done).toHaveLength(2);
      expect(runs).toEqual(['2026-11-11', '2026-11-12', '2026-11-13']);
      expect(progress).toEqual(['0/5', '1/5', '2/5']);
    });

    it('is told when another process has the job', async () => {
      const lease = await store.claim('a', HOUR_MS);
      const one = crontabber([job('a')]);
      const [a] = one.jobs;
      if (!a) throw new Error('a job');
      expect(await one.runByHand(a, { force: false, signal: never })).toMatchObject({ ended: 'busy' });
      expect(await one.markSuccess(a)).toBeUndefined();
      expect(await one.forget('a')).toBeUndefined();
      expect(await due(one)).toEqual([]);
      await lease?.release();
      expect(await one.forget('a')).toEqual({ result: true });
      expect(await one.forget('a')).toEqual({ result: false });
    });

    it('marks as done what was missed and what failed', async () => {
      const one = crontabber([job('a', { backfill: true, fails: () => true })]);
      const [a] = one.jobs;
      if (!a) throw new Error('a job');
      await due(one);
      now += 3 * DAY_MS;
      await one.markSuccess(a);
      expect(await stateOf('a')).toMatchObject({
        errorCount: 0,
        doneUntil: new Date('2026-11-24T00:00:00Z'),
      });
      expect(await outcomes('a')).toEqual(['marked', 'failed']);
      expect(await due(one)).toEqual([]);
    });

    it('plans without writing: what would run, in order, and why not', async () => {
      const one = crontabber([job('b', { after: ['c'] }), job('c'), job('d', { every: '1h' })]);
      await store.know([{ name: 'd', after: [] }], new Date(now));
      await sql`update crontabber_state set done_until = '2026-11-21T06:00:00.000Z'`.execute(
        database.tables(),
      );
      const plan = await one.plan();
      expect(plan.map(({ job: { name }, reason }) => [name, reason])).toEqual([
        ['c', undefined],
        ['b', undefined],
        ['d', 'it is done until 2026-11-21 06:00:00 UTC; the next period ends at 2026-11-21 07:00:00 UTC'],
      ]);
      expect((await store.load()).size).toBe(1);
    });
  });

  describe('health', () => {
    it('turns red when a job has failed or is late, and green again', async () => {
      let isBroken = true;
      const one = crontabber([job('a', { fails: () => isBroken }), job('b', { every: '1h' })]);
      const words = async () => (await one.standings()).map(({ word }) => word);
      expect(await words()).toEqual(['ok', 'ok']);
      await due(one);
      expect(await words()).toEqual(['failed', 'ok']);
      isBroken = false;
      now += 2 * HOUR_MS + 1;
      expect(await words()).toEqual(['failed and late', 'late']);
      now += HOUR_MS;
      const health = await openHealthServer({
        host: '127.0.0.1',
        port: 0,
        version: {},
        log: silentLog,
        standings: () => one.standings(),
      });
      try {
        expect((await fetch(`${health.address}/__heartbeat__`)).status).toBe(503);
        await due(one);
        const answer = await fetch(`${health.address}/__heartbeat__`);
        expect([answer.status, await answer.json()]).toMatchObject([
          200,
          { status: 'ok', jobs: { a: { state: 'ok' } } },
        ]);
        for (const [path, status, said] of [
          ['/nothing', 404, 'not found\n'],
          ['/__lbheartbeat__', 200, ''],
        ] as const) {
          const plain = await fetch(`${health.address}${path}`);
          expect([plain.status, plain.headers.get('content-type'), await plain.text()]).toEqual([
            status,
            expect.stringMatching(/^text\/plain/),
            said,
          ]);
        }
        const text = await (await fetch(`${health.address}/metrics`)).text();
        expect(text).toMatch(/auxilio_crontabber_runs_total\{job="a",outcome="done"\} \d/);
        expect(text).toMatch(/auxilio_crontabber_late\{job="b"\} 0/);
        now += 3 * HOUR_MS;
        expect(heartbeatOf(await one.standings())).toMatchObject({
          ok: false,
          body: { jobs: { b: { state: 'late' } } },
        });
      } finally {
        await health.close();
      }
    });
  });

  describe('a job that does not end', () => {
    it('fails at its limit, and nobody else starts it while its code goes on', async () => {
      const end = Promise.withResolvers<void>();
      const deaf = [job('deaf', { timeoutMs: 20, run: () => end.promise })];
      const { loop } = loopBench(database, deaf, () => now, {
        store,
        onNewFailure: (one) => void failures.push(one),
      });
      const stop = new AbortController();
      const running = loop.run({ signal: stop.signal });
      await expect.poll(() => failures.length).toBe(1);
      expect(failures[0]?.error).toMatchObject({ type: 'JobTimeoutError', value: 'not done after 20 ms' });
      expect(await store.claim('deaf', 1_000)).toBeUndefined();
      end.resolve();
      await expect.poll(async () => (await store.claim('deaf', 1)) !== undefined).toBe(true);
      stop.abort();
      await running;
    });
  });

  it('runs others while one takes long', async () => {
    const end = Promise.withResolvers<void>();
    const one = crontabber(
      [job('long', { run: () => end.promise }), job('short'), job('needy', { after: ['long'] })],
      {
        concurrency: 2,
      },
    );
    const all = due(one);
    await expect.poll(() => runs).toEqual(['short']);
    end.resolve();
    expect(await all).toEqual(['short', 'long', 'needy']);
  });

  it('takes over what the first version remembered', async () => {
    const old = await dialect.make();
    const other = await openDatabase(old.url, { log: silentLog });
    try {
      await migrate(other, crontabberMigrations.slice(0, 1));
      await sql`insert into crontabber_job (name, done_until, failures, last_error, last_run) values
        ('a', '2026-11-20T00:00:00.000Z', 0, null, '2026-11-20T00:01:00.000Z'),
        ('b', null, 3, 'TypeError', '2026-11-20T00:02:00.000Z')`.execute(other.tables());
      await migrate(other, crontabberMigrations);
      const states = await new JobStore(other).load();
      expect(states.get('a')).toMatchObject({ doneUntil: new Date('2026-11-20T00:00:00Z'), errorCount: 0 });
      expect(states.get('b')).toMatchObject({ doneUntil: undefined, lastSuccess: undefined, errorCount: 0 });
    } finally {
      await other.close();
      await old.remove();
    }
  });

  it('keeps the log of runs as long as it is told to', async () => {
    const one = crontabber([job('a')], { logDays: 2 });
    for (let day = 0; day < 6; day += 1, now += DAY_MS) await due(one);
    expect((await store.runs('a', 100)).length).toBeLessThan(5);
  });
});
