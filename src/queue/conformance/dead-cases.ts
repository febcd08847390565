import assert from 'node:assert/strict';
import { createCrashId } from '../../model/crash-id.ts';
import type { CrashQueue, CrashTask, Lane } from '../contract.ts';
import {
  type Case,
  consumeSome,
  DONE,
  deadOf,
  newTask,
  newTasks,
  rejectsWith,
  start,
  totalDepth,
  until,
} from './harness.ts';

/** Publishes tasks and lets each die of `reason N`. */
async function bury(queue: CrashQueue, tasks: readonly CrashTask[], lane: Lane = 'standard'): Promise<void> {
  for (const [index, task] of tasks.entries()) {
    await queue.publish(task, lane);
    await consumeSome(queue, 1, () => ({ kind: 'dead', reason: `reason ${index}` }));
  }
}

export const deadCases: readonly Case[] = [
  [
    'lists the dead, oldest first',
    async (queue) => {
      const tasks = newTasks(4);
      await bury(queue, tasks);
      assert.deepEqual(
        (await deadOf(queue)).map(({ task, reason }) => [task?.crashId, reason]),
        tasks.map(({ crashId }, index) => [crashId, `reason ${index}`]),
      );
    },
  ],

  [
    'stops listing the dead when the caller does',
    async (queue) => {
      await bury(queue, newTasks(2));
      const caller = new AbortController();
      const listed = queue.listDead({ signal: caller.signal })[Symbol.asyncIterator]();
      assert.equal((await listed.next()).done, false);
      caller.abort();
      await rejectsWith('aborted', () => listed.next());
    },
  ],

  [
    'keeps a reason of any text',
    async (queue) => {
      const reason = `"quoted"\n\ttwo lines, ü, \u{1f4a5}`;
      await queue.publish(newTask(), 'standard');
      await consumeSome(queue, 1, () => ({ kind: 'dead', reason }));
      assert.equal((await deadOf(queue))[0]?.reason, reason);
    },
  ],

  [
    'requeues those that were asked for, with their lane and a fresh count',
    async (queue) => {
      const tasks = [newTask(), { ...newTask(), ruleset: 'other' }];
      await bury(queue, tasks, 'reprocessing');
      const [stays, goes] = tasks as [CrashTask, CrashTask];
      assert.equal(await queue.requeueDead({ ids: [goes.crashId, createCrashId(new Date())] }), 1);
      assert.deepEqual(
        (await deadOf(queue)).map(({ task }) => task),
        [stays],
      );
      assert.deepEqual(await consumeSome(queue, 1), [{ task: goes, lane: 'reprocessing', attempt: 1 }]);
    },
  ],

  [
    'requeues all of them, to a consumer that is waiting',
    async (queue) => {
      await bury(queue, newTasks(5));
      let handled = 0;
      const running = start(queue, async () => {
        handled += 1;
        return DONE;
      });
      assert.equal(await queue.requeueDead('all'), 5);
      await until('all were handled', () => handled === 5);
      await running.stop();
      assert.deepEqual(await deadOf(queue), []);
      assert.equal(await queue.requeueDead('all'), 0);
    },
  ],

  [
    'removes the dead: some, then all',
    async (queue) => {
      const tasks = newTasks(3);
      await bury(queue, tasks);
      const [first] = tasks as [CrashTask];
      assert.equal(await queue.removeDead({ ids: [first.crashId] }), 1);
      assert.equal((await deadOf(queue)).length, 2);
      assert.equal(await queue.removeDead('all'), 2);
      assert.deepEqual(await deadOf(queue), []);
      assert.equal(await totalDepth(queue), 0);
    },
  ],

  [
    'forgets a crash wherever it waits, and only that one',
    async (queue) => {
      const [gone, other] = [newTask(), newTask()];
      await bury(queue, [gone, other]);
      await queue.publish(gone, 'reprocessing');
      await consumeSome(queue, 1, () => ({ kind: 'retry', reason: 'x', delayMs: 3_600_000 }));
      await queue.publish(gone, 'priority');
      await queue.publish({ ...gone, ruleset: 'other' }, 'priority');
      await queue.publish(other, 'priority');
      assert.equal(await totalDepth(queue), 4);
      assert.equal(await queue.forget(gone.crashId), true);
      assert.equal(await queue.forget(gone.crashId), false);
      assert.equal(await totalDepth(queue), 1);
      assert.deepEqual(
        (await deadOf(queue)).map(({ task }) => task),
        [other],
      );
      assert.equal((await consumeSome(queue, 1))[0]?.task.crashId, other.crashId);
    },
  ],

  [
    'forgets a crash that is in hand: its handler is told, and it does not come back',
    async (queue) => {
      const task = newTask();
      await queue.publish(task, 'standard');
      let isAtWork = false;
      let wasTold = false;
      const running = start(queue, async (_delivery, { signal }) => {
        isAtWork = true;
        await until('the handler is told', () => signal.aborted);
        wasTold = true;
        return { kind: 'retry', reason: 'aborted', delayMs: 0 };
      });
      await until('the handler is at work', () => isAtWork);
      assert.equal(await queue.forget(task.crashId), true);
      await until('the handler was told', () => wasTold);
      await running.stop();
      assert.equal(await totalDepth(queue), 0);
      assert.deepEqual(await deadOf(queue), []);
    },
  ],
];
