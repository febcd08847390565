/** What operators do and see, on a real database of each engine: runs by hand, marks, the plan, health. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heartbeatOf, openHealthServer } from '../../src/crontabber/health-server.ts';
import { silentLog } from '../../src/lib/log.ts';
import { onEachDialect } from '../database/dialects.ts';
import { HOUR_MS } from './loop-bench.ts';
import { DAY_MS, due, never, newScene, type Scene } from './scene.ts';

let scene: Scene;

onEachDialect((dialect) => {
  beforeEach(async () => {
    scene = await newScene(dialect);
  });

  afterEach(() => scene.close());

  describe('by hand', () => {
    it('runs the last period, even if it is done, and not before what it depends on, but with force', async () => {
      const one = scene.crontabber([scene.job('a'), scene.job('b', { after: ['a'] })]);
      const [a, b] = one.jobs;
      if (!a || !b) throw new Error('two jobs');
      expect(await one.runByHand(b, { force: false, signal: never })).toMatchObject({
        ended: 'blocked',
        reason: 'it comes after a, which has not succeeded yet',
      });
      expect(await one.runByHand(b, { force: true, signal: never })).toMatchObject({ ended: 'done' });
      await one.runByHand(a, { force: false, signal: never });
      await one.runByHand(a, { force: false, signal: never });
      expect(scene.runs).toEqual(['b', 'a', 'a']);
      expect(await scene.outcomes('a')).toEqual(['done', 'done']);
    });

    it('runs a range, oldest first, each recorded, with its progress; a failure ends it', async () => {
      const one = scene.crontabber([
        scene.job('a', {
          async run(context) {
            scene.tell(context);
            if (scene.runs.length === 3) throw new Error('third');
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
      expect(scene.runs).toEqual(['2026-11-11', '2026-11-12', '2026-11-13']);
      expect(progress).toEqual(['0/5', '1/5', '2/5']);
    });

    it('is told when another process has the job', async () => {
      const lease = await scene.store.claim('a', HOUR_MS);
      const one = scene.crontabber([scene.job('a')]);
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
      const one = scene.crontabber([scene.job('a', { backfill: true, fails: () => true })]);
      const [a] = one.jobs;
      if (!a) throw new Error('a job');
      await due(one);
      scene.now += 3 * DAY_MS;
      await one.markSuccess(a);
      expect(await scene.stateOf('a')).toMatchObject({
        errorCount: 0,
        doneUntil: new Date('2026-11-24T00:00:00Z'),
      });
      expect(await scene.outcomes('a')).toEqual(['marked', 'failed']);
      expect(await due(one)).toEqual([]);
    });

    it('plans without writing: what would run, in order, and why not', async () => {
      const one = scene.crontabber([
        scene.job('b', { after: ['c'] }),
        scene.job('c'),
        scene.job('d', { every: '1h' }),
      ]);
      await scene.store.know([{ name: 'd', after: [] }], new Date(scene.now));
      await sql`update crontabber_state set done_until = '2026-11-21T06:00:00.000Z'`.execute(
        scene.database.tables(),
      );
      const plan = await one.plan();
      expect(plan.map(({ job: { name }, reason }) => [name, reason])).toEqual([
        ['c', undefined],
        ['b', undefined],
        ['d', 'it is done until 2026-11-21 06:00:00 UTC; the next period ends at 2026-11-21 07:00:00 UTC'],
      ]);
      expect((await scene.store.load()).size).toBe(1);
    });
  });

  describe('health', () => {
    it('turns red when a job has failed or is late, and green again', async () => {
      let isBroken = true;
      const one = scene.crontabber([
        scene.job('a', { fails: () => isBroken }),
        scene.job('b', { every: '1h' }),
      ]);
      const words = async () => (await one.standings()).map(({ word }) => word);
      expect(await words()).toEqual(['ok', 'ok']);
      await due(one);
      expect(await words()).toEqual(['failed', 'ok']);
      isBroken = false;
      scene.now += 2 * HOUR_MS + 1;
      expect(await words()).toEqual(['failed and late', 'late']);
      scene.now += HOUR_MS;
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
        for (const [path, status, type, said] of [
          ['/nothing', 404, /^text\/plain/, 'not found\n'],
          ['/__lbheartbeat__', 200, /^application\/json/, ''],
        ] as const) {
          const plain = await fetch(`${health.address}${path}`);
          expect([plain.status, await plain.text()]).toEqual([status, said]);
          expect(plain.headers.get('content-type')).toMatch(type);
        }
        const text = await (await fetch(`${health.address}/metrics`)).text();
        expect(text).toMatch(/auxilio_crontabber_runs_total\{job="a",outcome="done"\} \d/);
        expect(text).toMatch(/auxilio_crontabber_late\{job="b"\} 0/);
        scene.now += 3 * HOUR_MS;
        expect(heartbeatOf(await one.standings())).toMatchObject({
          ok: false,
          body: { jobs: { b: { state: 'late' } } },
        });
      } finally {
        await health.close();
      }
    });
  });
});
