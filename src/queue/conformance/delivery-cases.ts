import assert from 'node:assert/strict';
import type { CrashId } from '../../model/crash-id.ts';
import { LANES, type Lane } from '../contract.ts';
import {
  type Case,
  consumeSome,
  DONE,
  idsOf,
  newTask,
  newTasks,
  rejectsWith,
  start,
  totalDepth,
  until,
} from './harness.ts';

export const deliveryCases: readonly Case[] = [
  [
    'hands out what was published, as it was published',
    async (queue) => {
      const plain = newTask();
      const odd = { ...newTask(), ruleset: 'a b/ü_%2e' };
      await queue.publish(plain, 'standard');
      await queue.publish(odd, 'priority');
      const seen = await consumeSome(queue, 2);
      assert.deepEqual(
        seen.toSorted((a, b) => a.lane.localeCompare(b.lane)),
        [
          { task: odd, lane: 'priority', attempt: 1 },
          { task: plain, lane: 'standard', attempt: 1 },
        ],
      );
      assert.equal(await totalDepth(queue), 0);
    },
  ],

  [
    'hands out what is published while it waits',
    async (queue) => {
      const seen: CrashId[] = [];
      const running = start(queue, async ({ task }) => {
        seen.push(task.crashId);
        return DONE;
      });
      const tasks = newTasks(3);
      for (const [index, task] of tasks.entries()) {
        await queue.publish(task, 'standard');
        await until('it was handed out', () => seen.length === index + 1);
      }
      await running.stop();
      assert.deepEqual(seen, idsOf(tasks));
    },
  ],

  [
    'refuses what is no task, and says aborted when aborted',
    async (queue) => {
      await rejectsWith('invalid', () => queue.publish({ crashId: '../x' as CrashId }, 'standard'));
      await rejectsWith('invalid', () => queue.publish(newTask(), 'express' as Lane));
      for (const ruleset of ['', 'x'.repeat(500), '\ud800'])
        await rejectsWith('invalid', () => queue.publish({ ...newTask(), ruleset }, 'standard'));
      await rejectsWith('aborted', () =>
        queue.publish(newTask(), 'standard', { signal: AbortSignal.abort() }),
      );
      assert.equal(await totalDepth(queue), 0);
    },
  ],

  [
    'works on as many at once as it was told, and no more',
    async (queue) => {
      for (const task of newTasks(20)) await queue.publish(task, 'standard');
      const three = Promise.withResolvers<void>();
      let atOnce = 0;
      let most = 0;
      let handled = 0;
      const running = start(
        queue,
        async () => {
          atOnce += 1;
          most = Math.max(most, atOnce);
          if (atOnce === 3) three.resolve();
          await three.promise;
          atOnce -= 1;
          handled += 1;
          return DONE;
        },
        { concurrency: 3 },
      );
      await until('all were handled', () => handled === 20);
      await running.stop();
      assert.equal(most, 3);
    },
  ],

  [
    'acknowledges after the work and not before',
    async (queue) => {
      await queue.publish(newTask(), 'standard');
      const work = Promise.withResolvers<void>();
      let isAtWork = false;
      const running = start(queue, async () => {
        isAtWork = true;
        await work.promise;
        return DONE;
      });
      await until('the handler is at work', () => isAtWork);
      assert.equal(await queue.depth('standard'), 1);
      work.resolve();
      await until('it is acknowledged', async () => (await queue.depth('standard')) === 0);
      await running.stop();
    },
  ],

  [
    'roughly first in, first out',
    async (queue) => {
      const tasks = newTasks(50);
      for (const task of tasks) await queue.publish(task, 'standard');
      const order = idsOf((await consumeSome(queue, 50)).map((delivery) => delivery.task));
      for (const [place, { crashId }] of tasks.entries()) {
        assert.ok(Math.abs(order.indexOf(crashId) - place) <= 10, `place ${place}`);
      }
    },
  ],

  [
    'lanes: priority first, and none starves',
    async (queue) => {
      const each = 60;
      for (const lane of LANES) for (const task of newTasks(each)) await queue.publish(task, lane);
      const lanes = (await consumeSome(queue, 3 * each)).map((delivery) => delivery.lane);
      assert.equal(lanes[0], 'priority');
      const early = lanes.slice(0, 50);
      const [priority, standard, reprocessing] = LANES.map(
        (lane) => early.filter((other) => other === lane).length,
      ) as [number, number, number];
      assert.ok(priority > standard && standard > reprocessing && reprocessing > 0, early.join());
      for (const lane of LANES) assert.equal(lanes.filter((other) => other === lane).length, each);
    },
  ],

  [
    'counts each lane for itself',
    async (queue) => {
      await queue.publish(newTask(), 'priority');
      for (const task of newTasks(2)) await queue.publish(task, 'reprocessing');
      assert.deepEqual(
        [await queue.depth('priority'), await queue.depth('standard'), await queue.depth('reprocessing')],
        [1, 0, 2],
      );
    },
  ],

  [
    'hands out a crash again that is published while it is in hand',
    async (queue) => {
      const task = newTask();
      await queue.publish(task, 'standard');
      let times = 0;
      const running = start(queue, async () => {
        times += 1;
        if (times === 1) await queue.publish(task, 'standard');
        return DONE;
      });
      await until('it was handed out twice', () => times === 2);
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await running.stop();
    },
  ],

  [
    '500 tasks, published and consumed at the same time: none lost, none twice',
    async (queue) => {
      const tasks = newTasks(500);
      const seen: CrashId[] = [];
      const running = start(
        queue,
        async ({ task }) => {
          seen.push(task.crashId);
          return DONE;
        },
        { concurrency: 8 },
      );
      const rest = tasks.values();
      const publisher = async (): Promise<void> => {
        for (const task of rest) await queue.publish(task, 'standard');
      };
      await Promise.all(Array.from({ length: 16 }, publisher));
      await until('all were handed out', () => seen.length >= 500);
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await running.stop();
      assert.deepEqual(seen.toSorted(), idsOf(tasks).toSorted());
    },
  ],
];
