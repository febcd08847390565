import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import {
  consumeSome,
  DONE,
  newTask,
  newTasks,
  start,
  totalDepth,
  until,
} from '../../../src/queue/conformance/harness.ts';
import type { QueueError } from '../../../src/queue/contract.ts';
import { freshVhost, freshWire, openQueue, plainChannel } from './queues.ts';
import { missing } from './vhosts.ts';

const LIMIT_MS = 60_000;
const failure = (call: Promise<unknown>): Promise<QueueError> =>
  call.then(
    () => assert.fail('it did not reject'),
    (error: unknown) => error as QueueError,
  );

describe.skipIf(missing)(
  `publishing to RabbitMQ${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: LIMIT_MS },
  () => {
    it('writes the bare crash id, durably, as the original does', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const task = newTask();
      await queue.publish(task, 'standard');
      const message = await (await plainChannel(vhost.url)).get('socorro.normal', { noAck: true });
      assert.ok(message);
      expect(message.content.toString()).toBe(task.crashId);
      expect(message.properties).toMatchObject({ deliveryMode: 2, headers: { 'x-delivery-count': 0 } });
    });

    it('a task that no queue takes is an error, and the queue is made again', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      await queue.publish(newTask(), 'priority');
      await (await plainChannel(vhost.url)).deleteQueue('socorro.priority');
      const error = await failure(queue.publish(newTask(), 'priority'));
      expect(error).toMatchObject({ name: 'QueueError', code: 'unavailable' });
      expect(error.message).toContain('no queue socorro.priority');
      await until('the queue is there again', async () => {
        const after = await queue.publish(newTask(), 'priority').catch((again: QueueError) => again);
        return after === undefined;
      });
      expect(await queue.depth('priority')).toBe(1);
    });

    it('says full when the server refuses, and takes tasks again when there is room', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url);
      const pattern = { pattern: '^socorro.normal$', 'apply-to': 'queues' };
      await vhost.ask('policies/{vhost}/small', 'PUT', {
        ...pattern,
        definition: { 'max-length': 2, overflow: 'reject-publish' },
      });
      await until('the server refuses', async () => {
        const error = await queue.publish(newTask(), 'standard').catch((refused: QueueError) => refused);
        return error !== undefined && error.code === 'full';
      });
      await (await plainChannel(vhost.url)).purgeQueue('socorro.normal');
      await until('there is room', async () => {
        const error = await queue.publish(newTask(), 'standard').catch((refused: QueueError) => refused);
        return error === undefined;
      });
    });

    it('connection cut in mid-publish: what was confirmed is there, the rest says so, once each', async () => {
      const vhost = await freshVhost();
      const wire = await freshWire(vhost.url);
      const queue = await openQueue(wire.url(vhost.url));
      const confirmed = new Set<string>();
      const codes = new Set<string>();
      let isOver = false;
      const publisher = async (): Promise<void> => {
        while (!isOver) {
          const task = newTask();
          try {
            await queue.publish(task, 'standard');
            confirmed.add(task.crashId);
          } catch (error) {
            codes.add((error as QueueError).code);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
      };
      const publishers = Array.from({ length: 16 }, publisher);
      for (let cuts = 1; cuts <= 5; cuts += 1) {
        const before = confirmed.size;
        await until('tasks are confirmed', () => confirmed.size > before + 20);
        wire.cut();
      }
      isOver = true;
      await Promise.all(publishers);
      expect([...codes]).toEqual(['unavailable']);
      const seen = new Set<string>();
      const running = start(
        queue,
        async ({ task }) => {
          seen.add(task.crashId);
          return DONE;
        },
        { concurrency: 8 },
      );
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await running.stop();
      expect([...confirmed].filter((id) => !seen.has(id))).toEqual([]);
    });

    it('a server that says nothing more: publishing ends in time, and goes on over a new connection', async () => {
      const vhost = await freshVhost();
      const wire = await freshWire(vhost.url);
      const queue = await openQueue(wire.url(vhost.url), { confirm_timeout: 500, connect_timeout: 500 });
      await queue.publish(newTask(), 'standard');
      wire.freeze();
      const from = performance.now();
      const errors = await Promise.all(newTasks(50).map((task) => failure(queue.publish(task, 'standard'))));
      expect(performance.now() - from).toBeLessThan(5_000);
      for (const error of errors) expect(error.code).toBe('unavailable');
      wire.thaw();
      await until('the queue is healthy', async () => {
        const error = await queue.health().catch((sick: unknown) => sick);
        return error === undefined;
      });
      await queue.publish(newTask(), 'standard');
    });

    it('has no more on the way than it may, and confirms all of them', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url, { max_unconfirmed: 3 });
      const tasks = newTasks(100);
      await Promise.all(tasks.map((task) => queue.publish(task, 'reprocessing')));
      expect(await queue.depth('reprocessing')).toBe(100);
      expect(new Set((await consumeSome(queue, 100)).map(({ task }) => task.crashId)).size).toBe(100);
    });
  },
);
