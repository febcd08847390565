import assert from 'node:assert/strict';
import type { CrashId } from '../../model/crash-id.ts';
import {
  type Case,
  consumeSome,
  DONE,
  deadOf,
  idsOf,
  newTask,
  newTasks,
  rejectsWith,
  start,
  totalDepth,
  until,
} from './harness.ts';

export const closingCases: readonly Case[] = [
  [
    'stopping a consumer waits for what is in hand and takes no more',
    async (queue) => {
      for (const task of newTasks(3)) await queue.publish(task, 'standard');
      const work = Promise.withResolvers<void>();
      let begun = 0;
      let ended = 0;
      let wasAborted = false;
      const running = start(queue, async (_delivery, { signal }) => {
        begun += 1;
        await work.promise;
        wasAborted ||= signal.aborted;
        ended += 1;
        return DONE;
      });
      await until('the handler is at work', () => begun === 1);
      const stopping = running.stop().then(() => assert.equal(ended, 1));
      assert.equal(await queue.depth('standard'), 3);
      work.resolve();
      await stopping;
      assert.equal(begun, 1);
      assert.equal(wasAborted, false, 'the signal of a handler is not that of the consumer');
      assert.equal(await queue.depth('standard'), 2);
      assert.equal((await consumeSome(queue, 2)).length, 2);
    },
  ],

  [
    'a consumer that is told to stop before it starts takes nothing',
    async (queue) => {
      await queue.publish(newTask(), 'standard');
      await queue.consume(async () => assert.fail('handed out'), {
        concurrency: 2,
        signal: AbortSignal.abort(),
      });
      assert.equal(await queue.depth('standard'), 1);
    },
  ],

  [
    'closing waits for what is in hand; afterwards everything says closed',
    async (queue) => {
      await queue.publish(newTask(), 'standard');
      const work = Promise.withResolvers<void>();
      let isAtWork = false;
      let ended = false;
      const running = start(queue, async () => {
        isAtWork = true;
        await work.promise;
        ended = true;
        return DONE;
      });
      await until('the handler is at work', () => isAtWork);
      const closing = queue.close().then(() => assert.equal(ended, true));
      await rejectsWith('closed', () => queue.publish(newTask(), 'standard'));
      work.resolve();
      await closing;
      await running.stopped;
      await queue.close();
      const [id] = idsOf(newTasks(1)) as [CrashId];
      await rejectsWith('closed', () => queue.depth('standard'));
      await rejectsWith('closed', () => queue.health());
      await rejectsWith('closed', () => deadOf(queue));
      await rejectsWith('closed', () => queue.forget(id));
      await rejectsWith('closed', () => queue.requeueDead('all'));
      await rejectsWith('closed', () => queue.removeDead('all'));
      await rejectsWith('closed', () =>
        queue.consume(async () => DONE, { concurrency: 1, signal: new AbortController().signal }),
      );
    },
  ],

  ['is healthy when it is open', (queue) => queue.health()],

  [
    'two consumers share the tasks, and never have the same one',
    async (queue) => {
      const tasks = newTasks(200);
      for (const task of tasks) await queue.publish(task, 'standard');
      const seen: CrashId[] = [];
      const handle = async ({
        task,
      }: {
        readonly task: { readonly crashId: CrashId };
      }): Promise<typeof DONE> => {
        seen.push(task.crashId);
        return DONE;
      };
      const running = [start(queue, handle, { concurrency: 2 }), start(queue, handle, { concurrency: 2 })];
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await Promise.all(running.map((one) => one.stop()));
      assert.deepEqual(seen.toSorted(), idsOf(tasks).toSorted());
    },
  ],

  [
    'so do two objects on the same tasks, as two processes would be',
    async (queue, opened) => {
      const other = await opened.another();
      const tasks = newTasks(300);
      for (const [index, task] of tasks.entries())
        await (index % 2 ? queue : other).publish(task, 'standard');
      assert.equal(await other.depth('standard'), 300);
      const seen: CrashId[] = [];
      // Neither goes on before both have a task, so that a slow start of one does not look like a fault.
      const both = Promise.withResolvers<void>();
      const by = new Set<unknown>();
      const running = [queue, other].map((one) =>
        start(
          one,
          async ({ task }) => {
            seen.push(task.crashId);
            if (by.add(one).size === 2) both.resolve();
            await both.promise;
            return DONE;
          },
          { concurrency: 2 },
        ),
      );
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await Promise.all(running.map((one) => one.stop()));
      await other.close();
      assert.deepEqual(seen.toSorted(), idsOf(tasks).toSorted());
    },
    { needs: 'another' },
  ],

  [
    'notices what another object publishes, and forgets what it has in hand',
    async (queue, opened) => {
      const other = await opened.another();
      const task = newTask();
      let wasTold = false;
      const running = start(queue, async (_delivery, { signal }) => {
        await other.forget(task.crashId);
        await until('the handler is told', () => signal.aborted);
        wasTold = true;
        return { kind: 'retry', reason: 'aborted', delayMs: 0 };
      });
      await other.publish(task, 'standard');
      await until('the handler was told', () => wasTold);
      await running.stop();
      assert.equal(await totalDepth(other), 0);
      await other.close();
    },
    { needs: 'another' },
  ],

  [
    'everything is still there after closing and opening',
    async (queue, opened) => {
      const [dies, later, waits] = [newTask(), { ...newTask(), ruleset: 'x' }, newTask()];
      await queue.publish(dies, 'priority');
      await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'over' }));
      await queue.publish(later, 'standard');
      await consumeSome(queue, 1, () => ({ kind: 'retry', reason: 'again', delayMs: 50 }));
      await queue.publish(waits, 'reprocessing');
      await queue.close();
      const again = await opened.reopen();
      assert.deepEqual(
        [await again.depth('priority'), await again.depth('standard'), await again.depth('reprocessing')],
        [0, 1, 1],
      );
      const [dead] = await deadOf(again);
      assert.deepEqual([dead?.task, dead?.reason], [dies, 'over']);
      const seen = await consumeSome(again, 2);
      assert.deepEqual(
        seen.toSorted((a, b) => a.attempt - b.attempt),
        [
          { task: waits, lane: 'reprocessing', attempt: 1 },
          { task: later, lane: 'standard', attempt: 2 },
        ],
      );
      await again.close();
    },
    { needs: 'reopen' },
  ],
];
