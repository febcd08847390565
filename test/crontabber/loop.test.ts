/** The loop on a real database of each engine, with a clock of the test's own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobContext } from '../../src/crontabber/job.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { DatabaseError } from '../../src/database/errors.ts';
import { onEachDialect } from '../database/dialects.ts';
import { MINUTE_MS } from './loop-bench.ts';
import { due, newScene, type Scene } from './scene.ts';

let scene: Scene;

onEachDialect((dialect) => {
  beforeEach(async () => {
    scene = await newScene(dialect);
  });

  afterEach(() => scene.close());

  describe('what is due', () => {
    it('runs after what it depends on, in one go', async () => {
      const loop = scene.loop([
        scene.job('a', { after: ['c'] }),
        scene.job('b', { after: ['a'] }),
        scene.job('c'),
      ]);
      expect(await due(loop)).toEqual(['c', 'a', 'b']);
      expect(scene.runs).toEqual(['c', 'a', 'b']);
    });

    it('runs once per period, for the period and not for now, over restarts too', async () => {
      const periods: JobContext['period'][] = [];
      const jobs = [
        scene.job('a', {
          run: async ({ period }) => {
            periods.push(period);
          },
        }),
      ];
      expect(await due(scene.loop(jobs))).toEqual(['a']);
      scene.now += 17 * 60 * MINUTE_MS;
      expect(await due(scene.loop(jobs))).toEqual([]);
      scene.now += 60 * MINUTE_MS;
      expect(await due(scene.loop(jobs))).toEqual(['a']);
      expect(periods.map(({ from }) => from.toISOString())).toEqual([
        '2026-11-20T00:00:00.000Z',
        '2026-11-21T00:00:00.000Z',
      ]);
    });

    it('does not let one failure stop the others, but those that depend on it', async () => {
      const loop = scene.loop([
        scene.job('bad', { fails: () => true }),
        scene.job('good'),
        scene.job('needy', { after: ['bad'] }),
      ]);
      expect(await due(loop)).toEqual(['bad', 'good']);
      expect(scene.runs).toEqual(['bad', 'good']);
      expect(scene.failures.map(({ job: name, error }) => [name, error.type])).toEqual([
        ['bad', 'TypeError'],
      ]);
    });

    it('is tried again after five minutes, and then what depends on it runs', async () => {
      let isBroken = true;
      const loop = scene.loop([
        scene.job('bad', { fails: () => isBroken }),
        scene.job('needy', { after: ['bad'] }),
      ]);
      await due(loop);
      isBroken = false;
      scene.now += 5 * MINUTE_MS - 1;
      expect(await due(loop)).toEqual([]);
      scene.now += 1;
      expect(await due(loop)).toEqual(['bad', 'needy']);
      const state = await scene.stateOf('bad');
      expect(state).toMatchObject({ errorCount: 0, lastError: undefined });
    });

    it('counts failures, keeps the error, and tells of the first alone', async () => {
      const loop = scene.loop([scene.job('bad', { fails: () => true })]);
      await due(loop);
      scene.now += 5 * MINUTE_MS;
      await due(loop);
      const state = await scene.stateOf('bad');
      expect(state).toMatchObject({
        errorCount: 2,
        lastError: { type: 'TypeError', value: 'bad failed' },
        doneUntil: undefined,
      });
      expect(state?.lastError?.traceback).toMatch(/^TypeError: bad failed\n\s*at /);
      expect(scene.failures).toHaveLength(1);
    });

    it('ends a job at its limit, as a failure', async () => {
      let sawAbort = false;
      const stuck = scene.job('stuck', {
        timeoutMs: 20,
        run: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              sawAbort = true;
              reject(new Error('too long'));
            });
          }),
      });
      expect(await due(scene.loop([stuck, scene.job('next')]))).toEqual(['next', 'stuck']);
      expect(sawAbort).toBe(true);
      expect((await scene.stateOf('stuck'))?.lastError?.type).toBe('JobTimeoutError');
    });

    it('waits for a slower job’s last period, and not for more', async () => {
      const loop = scene.loop([scene.job('daily'), scene.job('hourly', { every: '1h', after: ['daily'] })]);
      expect(await due(loop)).toEqual(['daily', 'hourly']);
      scene.now += 60 * MINUTE_MS;
      expect(await due(loop)).toEqual(['hourly']);
    });
  });

  describe('several processes', () => {
    it('run a job once between them', async () => {
      const other = await scene.openAgain();
      try {
        const started = Promise.withResolvers<void>();
        const finish = Promise.withResolvers<void>();
        const slow = scene.job('slow', {
          run: async () => {
            scene.runs.push('slow');
            started.resolve();
            await finish.promise;
          },
        });
        const first = due(scene.loop([slow]));
        await started.promise;
        expect(await due(scene.loop([slow], { store: new JobStore(other) }))).toEqual([]);
        finish.resolve();
        expect(await first).toEqual(['slow']);
        expect(scene.runs).toEqual(['slow']);
      } finally {
        await other.close();
      }
    });

    it('look again once they have the lease: somebody may have been faster', async () => {
      const faster = scene.loop([scene.job('a')]);
      class LateStore extends JobStore {
        override async claim(name: string, ttlMs: number) {
          await due(faster);
          return super.claim(name, ttlMs);
        }
      }
      const late = new LateStore(scene.database);
      expect(await due(scene.loop([scene.job('a')], { store: late }))).toEqual([]);
      expect(scene.runs).toEqual(['a']);
    });
  });

  describe('the loop', () => {
    it('stops while it waits, and in the middle of a job', async () => {
      const stop = new AbortController();
      const running = scene
        .loop([
          scene.job('a', {
            run: () => {
              stop.abort();
              return new Promise(() => undefined);
            },
          }),
        ])
        .run({ signal: stop.signal });
      await running;
      expect(await scene.stateOf('a')).toMatchObject({
        ongoing: undefined,
        errorCount: 0,
        doneUntil: undefined,
      });
      expect(await scene.outcomes('a')).toEqual(['stopped']);
      const idle = new AbortController();
      const waiting = scene.loop([]).run({ signal: idle.signal });
      idle.abort();
      await waiting;
    });

    it('outlives a database that is down', async () => {
      const stop = new AbortController();
      const store = Object.assign(Object.create(new JobStore(scene.database)) as JobStore, {
        load: async () => {
          setImmediate(() => stop.abort());
          throw new DatabaseError('unavailable', 'down');
        },
      });
      await expect(
        scene.loop([scene.job('a')], { store }).run({ signal: stop.signal }),
      ).resolves.toBeUndefined();
    });
  });

  describe('jobs that cannot be', () => {
    it('are refused before anything runs', () => {
      expect(() => scene.loop([scene.job('a', { after: ['nobody'] })])).toThrow(
        'job a comes after nobody, which does not exist',
      );
      expect(() => scene.loop([scene.job('a', { after: ['b'] }), scene.job('b', { after: ['a'] })])).toThrow(
        'cycle: a -> b -> a',
      );
      expect(() => scene.loop([scene.job('a'), scene.job('a')])).toThrow('two jobs are named a');
      expect(() => scene.loop([scene.job('a', { every: '1q' as never })])).toThrow(
        /"a": "1q" is no frequency/,
      );
      expect(() => scene.loop([scene.job('a', { timeoutMs: 0 })])).toThrow(/"a": timeoutMs/);
    });
  });
});
