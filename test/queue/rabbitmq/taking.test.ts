import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { createCrashId } from '../../../src/model/crash-id.ts';
import {
  consumeSome,
  DONE,
  deadOf,
  newTask,
  newTasks,
  start,
  totalDepth,
  until,
} from '../../../src/queue/conformance/harness.ts';
import { LANES } from '../../../src/queue/contract.ts';
import backend from '../../../src/queue/rabbitmq/index.ts';
import { freshVhost, freshWire, openQueue, plainChannel } from './queues.ts';
import { missing } from './vhosts.ts';

describe.skipIf(missing)(
  `tasks of RabbitMQ in hand${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 60_000 },
  () => {
    it('in hand is what handlers work on, over all lanes together, and all of it is counted', async () => {
      const vhost = await freshVhost();
      const [queue, other] = [await openQueue(vhost.url), await openQueue(vhost.url)];
      for (const lane of LANES) for (const task of newTasks(5)) await queue.publish(task, lane);
      const work = Promise.withResolvers<void>();
      let atWork = 0;
      const running = start(
        queue,
        async () => {
          atWork += 1;
          await work.promise;
          return DONE;
        },
        { concurrency: 4 },
      );
      await until('four are at work', () => atWork === 4);
      await delay(300);
      const channel = await plainChannel(vhost.url);
      let ready = 0;
      for (const name of ['socorro.priority', 'socorro.normal', 'socorro.reprocessing'])
        ready += (await channel.checkQueue(name)).messageCount;
      expect(ready).toBe(15 - 4);
      expect(await totalDepth(queue)).toBe(15);
      expect(await totalDepth(other)).toBe(15);
      work.resolve();
      await until('all is done', async () => (await totalDepth(other)) === 0);
      await running.stop();
    });

    it("takes what the original's programs publish, at once or at the next look", async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const channel = await plainChannel(vhost.url);
      const ids = [createCrashId(new Date()), createCrashId(new Date(), 1)];
      const seen: unknown[] = [];
      const running = start(queue, async (delivery) => {
        seen.push(delivery);
        return DONE;
      });
      await delay(300);
      for (const id of ids) channel.sendToQueue('socorro.priority', Buffer.from(id), { deliveryMode: 2 });
      await until('both came', () => seen.length === 2);
      await running.stop();
      expect(seen).toEqual(ids.map((crashId) => ({ task: { crashId }, lane: 'priority', attempt: 1 })));
    });

    it('what is no task goes to the dead, where it can be seen and removed and not requeued', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const channel = await plainChannel(vhost.url);
      const task = newTask();
      const send = (body: string, headers = {}): boolean =>
        channel.sendToQueue('socorro.normal', Buffer.from(body), { headers });
      send('not a crash id ü');
      send('');
      send(task.crashId, { 'auxilio-ruleset': 7 });
      send(task.crashId, { 'auxilio-used': 'many' });
      expect(await consumeSome(queue, 1)).toEqual([{ task, lane: 'standard', attempt: 1 }]);
      const dead = await deadOf(queue);
      expect(dead.map((one) => [one.task, one.found, one.reason])).toEqual([
        [null, 'not a crash id ü', 'this is no task'],
        [null, '', 'this is no task'],
        [null, task.crashId, 'this is no task'],
      ]);
      expect(await queue.requeueDead('all')).toBe(0);
      expect(await queue.removeDead('all')).toBe(3);
    });

    it('a connection that is lost with tasks in hand: handlers are told, and no attempt is used', async () => {
      const vhost = await freshVhost();
      const wire = await freshWire(vhost.url);
      const queue = await openQueue(wire.url(vhost.url), { max_attempts: 1 });
      const tasks = newTasks(4);
      for (const task of tasks) await queue.publish(task, 'standard');
      const attempts: number[] = [];
      const done = new Set<string>();
      let told = 0;
      let isSteady = false;
      const running = start(
        queue,
        async ({ task, attempt }, { signal }) => {
          attempts.push(attempt);
          if (isSteady) done.add(task.crashId);
          else {
            await until('the handler is told', () => signal.aborted);
            told += 1;
          }
          return DONE;
        },
        { concurrency: 4 },
      );
      for (let cuts = 1; cuts <= 3; cuts += 1) {
        await until('all are at work', () => attempts.length === cuts * 4);
        isSteady = cuts === 3;
        wire.cut();
        await until('all were told', () => told === cuts * 4);
      }
      await until('all are done', () => done.size === 4);
      await running.stop();
      expect(told).toBe(12);
      expect(new Set(attempts)).toEqual(new Set([1]));
      expect(await deadOf(queue)).toEqual([]);
      expect(await totalDepth(queue)).toBe(0);
    });

    it('delays: a short one behind a long one of another kind does not wait for it', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const delays = new Map([20_000, 600_000, 3_600_000, 300].map((ms) => [newTask().crashId, ms]));
      for (const crashId of delays.keys()) await queue.publish({ crashId }, 'standard');
      const seen = await consumeSome(queue, 5, ({ task, attempt }) =>
        attempt > 1 ? DONE : { kind: 'retry', reason: 'x', delayMs: delays.get(task.crashId) ?? 0 },
      );
      const again = seen.filter(({ attempt }) => attempt === 2).map(({ task }) => delays.get(task.crashId));
      expect(again).toEqual([300]);
      expect(await queue.depth('standard')).toBe(3);
    });

    it('wipes all tasks, waiting, delayed and dead', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      for (const task of newTasks(3)) await queue.publish(task, 'standard');
      await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'x' }));
      await consumeSome(queue, 1, () => ({ kind: 'retry', reason: 'x', delayMs: 60_000 }));
      await backend.wipe?.({ url: vhost.url }, { dataDir: '/nowhere', log: silentLog });
      expect(await totalDepth(queue)).toBe(0);
      expect(await deadOf(queue)).toEqual([]);
      await queue.publish(newTask(), 'standard');
    });
  },
);
