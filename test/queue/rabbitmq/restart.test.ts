/** The server goes away and comes back while tasks are published and worked on. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DONE,
  deadOf,
  newTask,
  newTasks,
  start,
  totalDepth,
  until,
} from '../../../src/queue/conformance/harness.ts';
import type { QueueError } from '../../../src/queue/contract.ts';
import type { RabbitQueue } from '../../../src/queue/rabbitmq/rabbit-queue.ts';
import { missingServer, type OwnServer, ownServer } from './own-server.ts';
import { openQueue } from './queues.ts';

const LIMIT_MS = 240_000;
let server: OwnServer;

interface Load {
  readonly published: Set<string>;
  readonly codes: Set<string>;
  readonly done: Map<string, number>;
  readonly attempts: Set<number>;
  /** Publishes until there are so many, works until nothing is left. */
  finish(count: number): Promise<void>;
}

/** Publishers that try again with the same task until it is taken, and a consumer. */
function load(queue: RabbitQueue, others: RabbitQueue): Load {
  const published = new Set<string>();
  const codes = new Set<string>();
  const done = new Map<string, number>();
  const attempts = new Set<number>();
  let enough = Number.POSITIVE_INFINITY;
  const publish = async (task = newTask()): Promise<void> => {
    for (let isTaken = false; !isTaken; ) {
      try {
        await queue.publish(task, 'standard');
        isTaken = true;
      } catch (error) {
        codes.add((error as QueueError).code);
        await delay(20);
      }
    }
    published.add(task.crashId);
  };
  const publisher = async (): Promise<void> => {
    while (published.size < enough) {
      await publish();
      await delay(5);
    }
  };
  const publishers = Array.from({ length: 4 }, publisher);
  const running = [queue, others].map((one) =>
    start(
      one,
      async ({ task, attempt }) => {
        attempts.add(attempt);
        await delay(20);
        done.set(task.crashId, (done.get(task.crashId) ?? 0) + 1);
        return DONE;
      },
      { concurrency: 4 },
    ),
  );
  return {
    published,
    codes,
    done,
    attempts,
    async finish(count) {
      enough = count;
      await Promise.all(publishers);
      for (let left = Number.POSITIVE_INFINITY; left > 0; ) {
        const before = left;
        await until(`fewer than ${before} are left`, async () => {
          left = await totalDepth(queue).catch(() => before);
          return left < before;
        });
      }
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

describe.skipIf(missingServer)(
  `RabbitMQ restarted${missingServer ? ` (skipped: ${missingServer})` : ''}`,
  { timeout: LIMIT_MS },
  () => {
    beforeAll(async () => {
      server = await ownServer();
    }, LIMIT_MS);

    afterAll(() => server.remove(), LIMIT_MS);

    const twoQueues = async (): Promise<[RabbitQueue, RabbitQueue]> => {
      const settings = { max_attempts: 2, confirm_timeout: 2_000, connect_timeout: 2_000 };
      return [await openQueue(server.url, settings), await openQueue(server.url, settings)];
    };

    const isThrough = async (
      queue: RabbitQueue,
      { published, codes, done, attempts }: Load,
    ): Promise<void> => {
      expect([...published].filter((id) => !done.has(id))).toEqual([]);
      expect([...done.keys()].filter((id) => !published.has(id))).toEqual([]);
      // However often it came back, it was never the task's fault.
      expect([...attempts]).toEqual([1]);
      expect(await deadOf(queue)).toEqual([]);
      expect([...codes].filter((code) => code !== 'unavailable')).toEqual([]);
      const twice = [...done.values()].filter((times) => times > 1).length;
      expect(twice).toBeLessThan(published.size / 4);
    };

    it('stop_app and start_app three times under load: no task lost, no attempt used', async () => {
      const [queue, others] = await twoQueues();
      const under = load(queue, others);
      for (let round = 1; round <= 3; round += 1) {
        const before = under.done.size;
        await until('work is done', () => under.done.size > before + 30);
        await server.ctl('stop_app');
        await server.ctl('start_app');
      }
      await under.finish(500);
      await isThrough(queue, under);
    });

    it('kill -9 of the server three times under load: no task lost, no attempt used', async () => {
      const [queue, others] = await twoQueues();
      const under = load(queue, others);
      for (let round = 1; round <= 3; round += 1) {
        const before = under.done.size;
        await until('work is done', () => under.done.size > before + 30);
        server.signal('SIGKILL');
        await server.start();
      }
      await under.finish(500);
      await isThrough(queue, under);
    });

    it('frozen: calls end in time, and all goes on when it thaws', async () => {
      const [queue] = await twoQueues();
      await queue.publish(newTask(), 'priority');
      await queue.depth('priority');
      server.signal('SIGSTOP');
      const from = performance.now();
      const calls = [
        ...newTasks(20).map((task) => queue.publish(task, 'priority')),
        queue.depth('priority'),
        queue.health().catch(() => undefined),
      ];
      const results = await Promise.allSettled(calls);
      expect(performance.now() - from).toBeLessThan(10_000);
      expect(results.slice(0, 21).every(({ status }) => status === 'rejected')).toBe(true);
      server.signal('SIGCONT');
      await until('tasks are taken', async () => {
        const error = await queue.publish(newTask(), 'priority').catch((refused: unknown) => refused);
        return error === undefined;
      });
      expect(await queue.depth('priority')).toBeGreaterThanOrEqual(2);
    });

    it('short of memory: publishing says full in time, acknowledgements go on', async () => {
      const [queue] = await twoQueues();
      const work = Promise.withResolvers<void>();
      let isAtWork = false;
      const running = start(queue, async ({ lane }) => {
        if (lane !== 'reprocessing') return DONE;
        isAtWork = true;
        await work.promise;
        return DONE;
      });
      await queue.publish(newTask(), 'reprocessing');
      await until('the handler is at work', () => isAtWork);
      await server.ctl('set_vm_memory_high_watermark', 'absolute', '1MB');
      try {
        await until('publishing says full', async () => {
          const error = await queue.publish(newTask(), 'standard').catch((refused: QueueError) => refused);
          return error !== undefined && error.code === 'full';
        });
        await expect(queue.health()).rejects.toMatchObject({ code: 'full' });
        work.resolve();
        await running.stop();
        expect(await queue.depth('reprocessing')).toBe(0);
      } finally {
        work.resolve();
        await server.ctl('set_vm_memory_high_watermark', 'absolute', '512MB');
      }
      await until('tasks are taken', async () => {
        const error = await queue.publish(newTask(), 'standard').catch((refused: unknown) => refused);
        return error === undefined;
      });
    });
  },
);
