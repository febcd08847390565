import assert from 'node:assert/strict';
import type { Outcome } from '../contract.ts';
import {
  type Case,
  consumeSome,
  DONE,
  deadOf,
  newTask,
  newTasks,
  start,
  totalDepth,
  until,
} from './harness.ts';

const RETRY: Outcome = { kind: 'retry', reason: 'bad luck' };
const POSTPONE: Outcome = { kind: 'postpone', reason: 'store down' };

export const outcomeCases: readonly Case[] = [
  [
    'retry: hands it out again and counts attempts',
    async (queue) => {
      await queue.publish(newTask(), 'standard');
      const seen = await consumeSome(queue, 3, ({ attempt }) => (attempt < 3 ? RETRY : DONE));
      assert.deepEqual(
        seen.map((delivery) => delivery.attempt),
        [1, 2, 3],
      );
      assert.equal(await totalDepth(queue), 0);
      assert.deepEqual(await deadOf(queue), []);
    },
  ],

  [
    'retry: not before its delay, and the others need not wait for it',
    async (queue) => {
      const [late, other] = [newTask(), newTask()];
      const begun = performance.now();
      await queue.publish(late, 'standard');
      await queue.publish(other, 'standard');
      let again = 0;
      const seen = await consumeSome(queue, 3, ({ task, attempt }) => {
        if (task.crashId !== late.crashId) return DONE;
        if (attempt > 1) again = performance.now() - begun;
        return attempt > 1 ? DONE : { ...RETRY, delayMs: 300 };
      });
      assert.deepEqual(
        seen.map((delivery) => delivery.task.crashId),
        [late.crashId, other.crashId, late.crashId],
      );
      // Timers may be early by a millisecond or two, clocks differ by as much.
      assert.ok(again >= 290, `${again} ms`);
    },
  ],

  [
    'retry: waits as long as it must without being in hand',
    async (queue) => {
      await queue.publish(newTask(), 'reprocessing');
      await consumeSome(queue, 1, () => ({ ...RETRY, delayMs: 3_600_000 }));
      assert.equal(await queue.depth('reprocessing'), 1);
      const task = newTask();
      await queue.publish(task, 'reprocessing');
      const [next] = await consumeSome(queue, 1);
      assert.equal(next?.task.crashId, task.crashId);
    },
  ],

  [
    'dead after the last attempt, with the last reason',
    async (queue) => {
      const task = newTask();
      await queue.publish(task, 'priority');
      await consumeSome(queue, 3, ({ attempt }) => ({ kind: 'retry', reason: `reason ${attempt}` }));
      const [dead, ...more] = await deadOf(queue);
      assert.deepEqual(more, []);
      assert.deepEqual(
        { ...dead, diedAt: '' },
        { task, lane: 'priority', attempts: 3, reason: 'reason 3', diedAt: '' },
      );
      assert.ok(Math.abs(Date.parse(dead?.diedAt ?? '') - Date.now()) < 60_000);
      assert.equal(await totalDepth(queue), 0);
    },
  ],

  [
    'dead at once when the handler says so',
    async (queue) => {
      const task = newTask();
      await queue.publish(task, 'standard');
      await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'no store has it' }));
      const [dead] = await deadOf(queue);
      assert.deepEqual([dead?.task, dead?.attempts, dead?.reason], [task, 1, 'no store has it']);
    },
  ],

  [
    'a throw is a retry, and its reason is a code or a class but never a message',
    async (queue) => {
      for (const task of newTasks(2)) await queue.publish(task, 'standard');
      let count = 0;
      await consumeSome(queue, 6, () => {
        count += 1;
        throw count % 2 === 0
          ? new TypeError('Password=hunter2')
          : Object.assign(new Error('Password=hunter2'), { code: 'E_BROKEN' });
      });
      for (const { reason } of await deadOf(queue)) assert.match(reason, /^(TypeError|E_BROKEN)$/);
      assert.equal((await deadOf(queue)).length, 2);
    },
  ],

  [
    'postpone: takes nothing until the engines are back, and no attempt is used',
    async (queue) => {
      const [first, second] = [newTask(), newTask()];
      await queue.publish(first, 'standard');
      await queue.publish(second, 'standard');
      const back = Promise.withResolvers<void>();
      let asked = 0;
      const seen: string[] = [];
      const running = start(
        queue,
        async ({ task, attempt }) => {
          seen.push(`${task.crashId} ${attempt}`);
          return seen.length === 1 ? POSTPONE : DONE;
        },
        {
          resume: () => {
            asked += 1;
            return back.promise;
          },
        },
      );
      await until('the consumer pauses', () => asked === 1);
      await queue.publish(newTask(), 'priority');
      assert.equal(await totalDepth(queue), 3);
      assert.equal(seen.length, 1);
      back.resolve();
      await until('all were handed out', () => seen.length === 4);
      await running.stop();
      assert.equal(asked, 1);
      assert.equal(seen.filter((line) => line === `${first.crashId} 1`).length, 2);
      assert.ok(seen.includes(`${second.crashId} 1`));
      assert.deepEqual(await deadOf(queue), []);
    },
  ],

  [
    'postpone with a delay: the others go on, it comes again later, and no attempt is used',
    async (queue) => {
      const [late, other] = [newTask(), newTask()];
      const begun = performance.now();
      await queue.publish(late, 'standard');
      await queue.publish(other, 'standard');
      let again = 0;
      const seen = await consumeSome(queue, 3, ({ task }) => {
        if (task.crashId !== late.crashId || again > 0) return DONE;
        again = performance.now() - begun;
        return { kind: 'postpone', reason: 'store down, perhaps for this one', delayMs: 300 };
      });
      assert.ok(performance.now() - begun - again >= 250, 'it came back too soon');
      assert.deepEqual(
        seen.map(({ task, attempt }) => [task.crashId, attempt]),
        [late, other, late].map(({ crashId }) => [crashId, 1]),
      );
      assert.equal(await totalDepth(queue), 0);
      assert.deepEqual(await deadOf(queue), []);
    },
  ],

  [
    'postpone: any number of times without an attempt, also without anybody to ask',
    async (queue) => {
      await queue.publish(newTask(), 'standard');
      let times = 0;
      const seen = await consumeSome(queue, 8, () => {
        times += 1;
        return times < 8 ? POSTPONE : DONE;
      });
      assert.deepEqual(new Set(seen.map((delivery) => delivery.attempt)), new Set([1]));
      assert.deepEqual(await deadOf(queue), []);
      assert.equal(await totalDepth(queue), 0);
    },
  ],

  [
    'postpone: what throws and says it may be tried again later is postponed',
    async (queue) => {
      await queue.publish(newTask(), 'standard');
      let times = 0;
      const seen = await consumeSome(queue, 6, () => {
        times += 1;
        if (times === 6) return DONE;
        throw Object.assign(new Error('down'), { code: 'unavailable', retryable: true });
      });
      assert.equal(seen.at(-1)?.attempt, 1);
      assert.deepEqual(await deadOf(queue), []);
    },
  ],

  [
    'postpone: a consumer that stops while it pauses gives the task back, no attempt used',
    async (queue) => {
      const task = newTask();
      await queue.publish(task, 'standard');
      let asked = false;
      const running = start(queue, async () => POSTPONE, {
        resume: ({ signal }) => {
          asked = true;
          return new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
        },
      });
      await until('the consumer pauses', () => asked);
      await running.stop();
      const [again] = await consumeSome(queue, 1);
      assert.deepEqual(again, { task, lane: 'standard', attempt: 1 });
    },
  ],
];
