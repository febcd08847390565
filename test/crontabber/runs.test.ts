/** Runs on a real database of each engine: backfill, transactions, lost and late processes, time limits. */
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { crontabberMigrations } from '../../src/crontabber/migrations.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { onEachDialect } from '../database/dialects.ts';
import { MINUTE_MS } from './loop-bench.ts';
import { DAY_MS, due, newScene, type Scene } from './scene.ts';

let scene: Scene;

onEachDialect((dialect) => {
  beforeEach(async () => {
    scene = await newScene(dialect);
  });

  afterEach(() => scene.close());

  describe('backfill', () => {
    it('runs what was missed, oldest first; a failure keeps what was done, and the next run goes on there', async () => {
      let bad: string | undefined;
      const one = scene.crontabber([
        scene.job('a', {
          backfill: true,
          async run(context) {
            scene.tell(context);
            if (context.period.to.toISOString().startsWith(String(bad))) throw new Error('bad day');
          },
        }),
      ]);
      await due(one);
      expect(scene.runs).toEqual(['2026-11-21']);
      scene.now += 4 * DAY_MS;
      bad = '2026-11-24';
      await due(one);
      expect(scene.runs.splice(0)).toEqual(['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24']);
      expect(await scene.stateOf('a')).toMatchObject({
        doneUntil: new Date('2026-11-23T00:00:00Z'),
        errorCount: 1,
      });
      bad = undefined;
      scene.now += 5 * MINUTE_MS;
      await due(one);
      expect(scene.runs).toEqual(['2026-11-24', '2026-11-25']);
      expect((await scene.outcomes('a')).filter((outcome) => outcome === 'done')).toHaveLength(5);
    });
  });

  describe('transactions', () => {
    const table = async () =>
      sql`create table effect (day text primary key)`.execute(scene.database.tables());
    const effects = async () =>
      (await sql<{ day: string }>`select day from effect`.execute(scene.database.tables())).rows.length;
    const insert = (db: Kysely<unknown> | undefined, day: string) =>
      sql`insert into effect (day) values (${day})`.execute(db ?? scene.database.tables());

    it('are committed with the record, undone when the job throws, and tried again after failures of the engine', async () => {
      await table();
      const fails: (() => void)[] = [
        () => {
          throw new TypeError('no');
        },
        () => undefined,
      ];
      const one = scene.crontabber([
        scene.job('a', {
          transaction: 'limited',
          async run({ period, transaction }) {
            await insert(transaction, period.to.toISOString());
            fails.shift()?.();
          },
        }),
      ]);
      await due(one);
      expect([await effects(), (await scene.stateOf('a'))?.errorCount]).toEqual([0, 1]);
      scene.now += 5 * MINUTE_MS;
      await due(one);
      expect([await effects(), (await scene.stateOf('a'))?.errorCount]).toEqual([1, 0]);
      expect(await scene.outcomes('a')).toEqual(['done', 'failed']);
    });

    it('are not committed by a process that was taken over', async () => {
      await table();
      const one = scene.crontabber([
        scene.job('a', {
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
      expect(scene.failures).toEqual([]);
    });
  });

  describe('a process that sleeps while its lease runs out', () => {
    it('records nothing when it wakes: the run is lost, once, and told once', async () => {
      const asleep = Promise.withResolvers<void>();
      const started = Promise.withResolvers<void>();
      let first = true;
      const jobs = [
        scene.job('a', {
          async run(context) {
            scene.tell(context);
            if (!first) return;
            first = false;
            started.resolve();
            await asleep.promise;
          },
        }),
      ];
      const sleeper = due(scene.crontabber(jobs, { host: 'sleepy' }));
      await started.promise;
      await sql`update crontabber_lease set until_ms = 0`.execute(scene.database.tables());
      expect((await scene.crontabber(jobs).standings())[0]?.state?.ongoing).toMatchObject({
        host: 'sleepy',
        isHeld: false,
      });
      await due(scene.crontabber(jobs));
      expect(await scene.stateOf('a')).toMatchObject({
        errorCount: 1,
        ongoing: undefined,
        doneUntil: undefined,
      });
      asleep.resolve();
      await sleeper;
      expect(await scene.stateOf('a')).toMatchObject({ errorCount: 1, doneUntil: undefined });
      expect(await scene.outcomes('a')).toEqual(['lost']);
      expect(scene.failures.map(({ host, error }) => [host, error.type])).toEqual([
        ['sleepy', 'LeaseLostError'],
      ]);
      scene.now += 5 * MINUTE_MS;
      await due(scene.crontabber(jobs));
      expect(await scene.stateOf('a')).toMatchObject({
        errorCount: 0,
        doneUntil: new Date('2026-11-21T00:00:00Z'),
      });
    });
  });

  describe('a job that does not end', () => {
    it('fails at its limit, and nobody else starts it while its code goes on', async () => {
      const end = Promise.withResolvers<void>();
      const deaf = [scene.job('deaf', { timeoutMs: 20, run: () => end.promise })];
      const loop = scene.loop(deaf);
      const stop = new AbortController();
      const running = loop.run({ signal: stop.signal });
      await expect.poll(() => scene.failures.length).toBe(1);
      expect(scene.failures[0]?.error).toMatchObject({
        type: 'JobTimeoutError',
        value: 'not done after 20 ms',
      });
      expect(await scene.store.claim('deaf', 1_000)).toBeUndefined();
      end.resolve();
      await expect.poll(async () => (await scene.store.claim('deaf', 1)) !== undefined).toBe(true);
      stop.abort();
      await running;
    });
  });

  it('runs others while one takes long', async () => {
    const end = Promise.withResolvers<void>();
    const one = scene.crontabber(
      [
        scene.job('long', { run: () => end.promise }),
        scene.job('short'),
        scene.job('needy', { after: ['long'] }),
      ],
      {
        concurrency: 2,
      },
    );
    const all = due(one);
    // Its run is over, and not only begun: else the other might end first.
    await expect.poll(async () => (await scene.store.runs('short', 1))[0]?.outcome).toBe('done');
    expect(scene.runs).toEqual(['short']);
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
    const one = scene.crontabber([scene.job('a')], { logDays: 2 });
    for (let day = 0; day < 6; day += 1, scene.now += DAY_MS) await due(one);
    expect((await scene.store.runs('a', 100)).length).toBeLessThan(5);
  });
});
