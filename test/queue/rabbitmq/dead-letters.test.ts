import { describe, expect, it } from 'vitest';
import {
  consumeSome,
  deadOf,
  newTask,
  newTasks,
  totalDepth,
} from '../../../src/queue/conformance/harness.ts';
import type { CrashTask } from '../../../src/queue/contract.ts';
import type { RabbitQueue } from '../../../src/queue/rabbitmq/rabbit-queue.ts';
import { freshVhost, openQueue, plainChannel } from './queues.ts';
import { missing } from './vhosts.ts';

const MORE_THAN_A_PAGE = 450;

async function bury(queue: RabbitQueue, tasks: readonly CrashTask[]): Promise<void> {
  for (const task of tasks) await queue.publish(task, 'standard');
  await consumeSome(queue, tasks.length, ({ task }) => ({ kind: 'dead', reason: `of ${task.crashId}` }));
}

describe.skipIf(missing)(
  `dead letters of RabbitMQ${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 120_000 },
  () => {
    it('order and number stay through many looks, also those that stop early', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const tasks = newTasks(MORE_THAN_A_PAGE);
      const channel = await plainChannel(vhost.url);
      for (const { crashId } of tasks)
        channel.sendToQueue('socorro.dead', Buffer.from(crashId), {
          persistent: true,
          headers: { 'auxilio-reason': 'x' },
        });
      await channel.checkQueue('socorro.dead');
      // More than the 20 after which RabbitMQ 4 drops a message.
      for (let look = 1; look <= 24; look += 1) {
        if (look % 3 === 0) {
          for await (const { task } of queue.listDead()) {
            expect(task).toEqual(tasks[0]);
            break;
          }
        } else expect((await deadOf(queue)).map(({ task }) => task)).toEqual(tasks);
      }
      const message = await channel.get('socorro.dead');
      expect(message ? message.properties.headers?.['x-delivery-count'] : undefined).toBeLessThan(20);
    });

    it('two who look at the same time both see all', async () => {
      const vhost = await freshVhost();
      const [queue, other] = [await openQueue(vhost.url), await openQueue(vhost.url)];
      const tasks = newTasks(20);
      await bury(queue, tasks);
      const seen = await Promise.all([deadOf(queue), deadOf(other), deadOf(queue), deadOf(other)]);
      for (const dead of seen) expect(dead.map(({ task }) => task)).toEqual(tasks);
    });

    it('some are put back and some removed out of many; the others keep their order', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const tasks = newTasks(30);
      await bury(queue, tasks);
      const [first, second, third] = [tasks.slice(0, 10), tasks.slice(10, 20), tasks.slice(20)];
      expect(await queue.requeueDead({ ids: second.map((task) => task.crashId) })).toBe(10);
      expect(await queue.removeDead({ ids: first.map((task) => task.crashId) })).toBe(10);
      const dead = await deadOf(queue);
      expect(dead.map(({ task, reason }) => [task, reason])).toEqual(
        third.map((task) => [task, `of ${task.crashId}`]),
      );
      const seen = await consumeSome(queue, 10);
      expect(seen.map(({ task }) => task)).toEqual(second);
    });

    it('what others have put there can be read', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const channel = await plainChannel(vhost.url);
      channel.sendToQueue('socorro.dead', Buffer.from('{"a":1}'), { timestamp: 1_700_000_000 });
      channel.sendToQueue('socorro.dead', Buffer.from('x'), { timestamp: 2 ** 52 });
      await channel.checkQueue('socorro.dead');
      const shared = { task: null, lane: 'standard', attempts: 0, reason: 'no reason was given' };
      expect(await deadOf(queue)).toEqual([
        { ...shared, found: '{"a":1}', diedAt: '2023-11-14T22:13:20.000Z' },
        { ...shared, found: 'x', diedAt: '1970-01-01T00:00:00.000Z' },
      ]);
    });

    it('forgetting one of many leaves the others as they were: order, attempts, delays', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const [gone, late] = [newTask(), newTask()];
      const tasks = newTasks(MORE_THAN_A_PAGE);
      await queue.publish(late, 'standard');
      await consumeSome(queue, 1, () => ({ kind: 'retry', reason: 'x', delayMs: 1_500 }));
      for (const task of [...tasks.slice(0, 200), gone, ...tasks.slice(200)])
        await queue.publish(task, 'standard');
      expect(await queue.forget(gone.crashId)).toBe(true);
      expect(await queue.forget(gone.crashId)).toBe(false);
      expect(await totalDepth(queue)).toBe(MORE_THAN_A_PAGE + 1);
      const seen = await consumeSome(queue, MORE_THAN_A_PAGE + 1);
      const others = seen.filter(({ task }) => task.crashId !== late.crashId);
      const places = others.map(({ task }) => tasks.findIndex(({ crashId }) => crashId === task.crashId));
      for (const [at, place] of places.entries()) expect(Math.abs(at - place)).toBeLessThan(200);
      expect(new Set(others.map(({ attempt }) => attempt))).toEqual(new Set([1]));
      expect(seen.find(({ task }) => task.crashId === late.crashId)?.attempt).toBe(2);
    });
  },
);
