/** The loop on a real database of each engine, with a clock of the test's own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyJob, JobContext } from '../../src/crontabber/job.ts';
import type { JobFailure } from '../../src/crontabber/job-run.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import type { CronLoop } from '../../src/crontabber/loop.ts';
import { crontabberMigrations } from '../../src/crontabber/migrations.ts';
import type { Database } from '../../src/database/contract.ts';
import { DatabaseError } from '../../src/database/errors.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { onEachDialect, type Place } from '../database/dialects.ts';
import { dailyJob, loopBench, MINUTE_MS } from './loop-bench.ts';

const MORNING = Date.parse('2026-11-21T06:00:00Z');

let place: Place;
let database: Database;
let now = MORNING;
let runs: string[] = [];
let failures: JobFailure[] = [];
const never = new AbortController().signal;

const openAt = (): Promise<Database> => openDatabase(place.url, { log: silentLog });

const job = (name: string, settings: Parameters<typeof dailyJob>[2] = {}): AnyJob =>
  dailyJob(name, runs, settings);

const loopOf = (jobs: readonly AnyJob[], store = new JobStore(database)): CronLoop =>
  loopBench(database, jobs, () => now, { store, onNewFailure: (failure) => void failures.push(failure) })
    .loop;

const due = (loop: CronLoop): Promise<readonly string[]> => loop.runDue({ signal: never });

onEachDialect((dialect) => {
  beforeEach(async () => {
    place = await dialect.make();
    database = await openAt();
    await migrate(database, crontabberMigrations);
    now = MORNING;
    runs = [];
    failures = [];
  });

  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  describe('what is due', () => {
    it('runs after what it depends on, in one go', async () => {
      const loop = loopOf([job('a', { after: ['c'] }), job('b', { after: ['a'] }), job('c')]);
      expect(await due(loop)).toEqual(['c', 'a', 'b']);
      expect(runs).toEqual(['c', 'a', 'b']);
    });

    it('runs once per period, for the period and not for now, over restarts too', async () => {
      const periods: JobContext['period'][] = [];
      const jobs = [
        job('a', {
          run: async ({ period }) => {
            periods.push(period);
          },
        }),
      ];
      expect(await due(loopOf(jobs))).toEqual(['a']);
      now += 17 * 60 * MINUTE_MS;
      expect(await due(loopOf(jobs))).toEqual([]);
      now += 60 * MINUTE_MS;
      expect(await due(loopOf(jobs))).toEqual(['a']);
      expect(periods.map(({ from }) => from.toISOString())).toEqual([
        '2026-11-20T00:00:00.000Z',
        '2026-11-21T00:00:00.000Z',
      ]);
    });

    it('does not let one failure stop the others, but those that depend on it', async () => {
      const loop = loopOf([job('bad', { fails: () => true }), job('good'), job('needy', { after: ['bad'] })]);
      expect(await due(loop)).toEqual(['bad', 'good']);
      expect(runs).toEqual(['bad', 'good']);
      expect(failures.map(({ job: name, error }) => [name, error.type])).toEqual([['bad', 'TypeError']]);
    });

    it('is tried again after five minutes, and then what depends on it runs', async () => {
      let isBroken = true;
      const loop = loopOf([job('bad', { fails: () => isBroken }), job('needy', { after: ['bad'] })]);
      await due(loop);
      isBroken = false;
      now += 5 * MINUTE_MS - 1;
      expect(await due(loop)).toEqual([]);
      now += 1;
      expect(await due(loop)).toEqual(['bad', 'needy']);
      const state = (await new JobStore(database).load()).get('bad');
      expect(state).toMatchObject({ errorCount: 0, lastError: undefined });
    });

    it('counts failures, keeps the error, and tells of the first alone', async () => {
      const loop = loopOf([job('bad', { fails: () => true })]);
      await due(loop);
      now += 5 * MINUTE_MS;
      await due(loop);
      const state = (await new JobStore(database).load()).get('bad');
      expect(state).toMatchObject({
        errorCount: 2,
        lastError: { type: 'TypeError', value: 'bad failed' },
        doneUntil: undefined,
      });
      expect(state?.lastError?.traceback).toMatch(/^TypeError: bad failed\n\s*at /);
      expect(failures).toHaveLength(1);
    });

    it('ends a job at its limit, as a failure', async () => {
      let sawAbort = false;
      const stuck = job('stuck', {
        timeoutMs: 20,
        run: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              sawAbort = true;
              reject(new Error('too long'));
            });
          }),
      });
      expect(await due(loopOf([stuck, job('next')]))).toEqual(['next', 'stuck']);
      expect(sawAbort).toBe(true);
      expect((await new JobStore(database).load()).get('stuck')?.lastError?.type).toBe('JobTimeoutError');
    });

    it('waits for a slower job’s last period, and not for more', async () => {
      const loop = loopOf([job('daily'), job('hourly', { every: '1h', after: ['daily'] })]);
      expect(await due(loop)).toEqual(['daily', 'hourly']);
      now += 60 * MINUTE_MS;
      expect(await due(loop)).toEqual(['hourly']);
    });
  });

  describe('several processes', () => {
    it('run a job once between them', async () => {
      const other = await openAt();
      try {
        const started = Promise.withResolvers<void>();
        const finish = Promise.withResolvers<void>();
        const slow = job('slow', {
          run: async () => {
            runs.push('slow');
            started.resolve();
            await finish.promise;
          },
        });
        const first = due(loopOf([slow]));
        await started.promise;
        expect(await due(loopOf([slow], new JobStore(other)))).toEqual([]);
        finish.resolve();
        expect(await first).toEqual(['slow']);
        expect(runs).toEqual(['slow']);
      } finally {
        await other.close();
      }
    });

    it('look again once they have the lease: somebody may have been faster', async () => {
      const faster = loopOf([job('a')]);
      class LateStore extends JobStore {
        override async claim(name: string, ttlMs: number) {
          await due(faster);
          return super.claim(name, ttlMs);
        }
      }
      const late = new LateStore(database);
      expect(await due(loopOf([job('a')], late))).toEqual([]);
      expect(runs).toEqual(['a']);
    });
  });

  describe('the loop', () => {
    it('stops while it waits, and in the middle of a job', async () => {
      const stop = new AbortController();
      const running = loopOf([
        job('a', {
          run: () => {
            stop.abort();
            return new Promise(() => undefined);
          },
        }),
      ]).run({ signal: stop.signal });
      await running;
      expect((await new JobStore(database).load()).get('a')).toMatchObject({
        ongoing: undefined,
        errorCount: 0,
        doneUntil: undefined,
      });
      expect((await new JobStore(database).runs('a', 9)).map(({ outcome }) => outcome)).toEqual(['stopped']);
      const idle = new AbortController();
      const waiting = loopOf([]).run({ signal: idle.signal });
      idle.abort();
      await waiting;
    });

    it('outlives a database that is down', async () => {
      const stop = new AbortController();
      const store = Object.assign(Object.create(new JobStore(database)) as JobStore, {
        load: async () => {
          setImmediate(() => stop.abort());
          throw new DatabaseError('unavailable', 'down');
        },
      });
      await expect(loopOf([job('a')], store).run({ signal: stop.signal })).resolves.toBeUndefined();
    });
  });

  describe('jobs that cannot be', () => {
    it('are refused before anything runs', () => {
      expect(() => loopOf([job('a', { after: ['nobody'] })])).toThrow(
        'job a comes after nobody, which does not exist',
      );
      expect(() => loopOf([job('a', { after: ['b'] }), job('b', { after: ['a'] })])).toThrow(
        'cycle: a -> b -> a',
      );
      expect(() => loopOf([job('a'), job('a')])).toThrow('two jobs are named a');
      expect(() => loopOf([job('a', { every: '1q' as never })])).toThrow(/"a": "1q" is no frequency/);
      expect(() => loopOf([job('a', { timeoutMs: 0 })])).toThrow(/"a": timeoutMs/);
    });
  });
});
