/** What a task that kills its process does to those beside it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Case,
  deadOf,
  idsOf,
  newTask,
  newTasks,
  type OpenedQueue,
  totalDepth,
  until,
} from './harness.ts';

const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './doomed-worker.ts' : './doomed-worker.js', import.meta.url),
);

function doomed(
  { module, options, dataDir }: OpenedQueue['elsewhere'] & object,
  done: Set<string>,
): ChildProcess {
  const args = [PROGRAM, module, JSON.stringify(options), dataDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => done.add(line.replace('done ', '')));
  return child;
}

export const poisonCases: readonly Case[] = [
  [
    'poison goes to the dead, and what was in hand beside it each time does not',
    async (queue, opened) => {
      const others = newTasks(3);
      const poison = { ...newTask(), ruleset: 'poison' };
      for (const task of [...others, poison]) await queue.publish(task, 'standard');
      const done = new Set<string>();
      let deaths = 0;
      for (let isOver = false; !isOver; ) {
        const child = doomed(opened.elsewhere, done);
        const closed = once(child, 'close');
        try {
          let died = false;
          void closed.then(() => {
            died = true;
          });
          await until('it died, or nothing is left', async () => died || (await totalDepth(queue)) === 0);
          isOver = !died;
          if (died) deaths += 1;
          assert.ok(deaths <= 3, 'it died more often than attempts were allowed');
        } finally {
          child.kill('SIGKILL');
          await closed;
        }
      }
      const dead = await deadOf(queue);
      assert.deepEqual(
        dead.map(({ task, attempts, reason }) => [task, attempts, reason]),
        [[poison, 3, 'the process died with the task in hand']],
      );
      assert.equal(deaths, 3);
      assert.deepEqual([...done].toSorted(), idsOf(others).toSorted());
    },
    { needs: 'elsewhere' },
  ],
];
