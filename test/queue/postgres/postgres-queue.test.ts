/** What is the Postgres queue's own: several processes, servers that go away, NOTIFY and what happens without it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
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
import { postgresMissing, rowsOf } from '../../build/postgres.ts';
import { type Queues, queues } from './queues.ts';

function consumer({ url, schema }: Queues, how: 'hang' | 'work') {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, 'process.ts'), url, schema, how],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines };
}

/** Of this queue only, by the statements that they ran last. */
const terminate = ({ url, schema }: Queues) =>
  rowsOf(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query like '%${schema}%'`,
  );

describe.skipIf(postgresMissing)(
  `the postgres queue${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
  () => {
    it('the tasks of a consumer that was killed come back, one attempt used', async () => {
      const here = queues();
      const queue = await here.open();
      const task = newTask();
      await queue.publish(task, 'standard');
      const { child, lines } = consumer(here, 'hang');
      await expect.poll(() => lines.length, { timeout: 60_000 }).toBe(2);
      child.kill('SIGKILL');
      const seen: number[] = [];
      const running = start(queue, async ({ attempt }) => {
        seen.push(attempt);
        return DONE;
      });
      await until('it came back', () => seen.length > 0);
      await running.stop();
      expect(seen).toEqual([2]);
      expect(await totalDepth(queue)).toBe(0);
    }, 120_000);

    it('a task that killed its consumer at the last attempt is dead, and says why', async () => {
      const here = queues();
      const queue = await here.open();
      const task = newTask();
      await queue.publish(task, 'priority');
      await rowsOf(
        here.url,
        `update ${here.schema}.task set used = 2, suspect = true, claim = gen_random_uuid(), lease_until = clock_timestamp() - interval '1 s'`,
      );
      const running = start(queue, async () => expect.fail('handed out'));
      await until('it is dead', async () => (await deadOf(queue)).length === 1);
      await running.stop();
      const [dead] = await deadOf(queue);
      const reason = 'the process died with the task in hand';
      expect(dead).toMatchObject({ task, attempts: 3, lane: 'priority', reason });
      expect(await totalDepth(queue)).toBe(0);
    });

    it('the first death does not take the last attempt: another task may have been to blame', async () => {
      const here = queues();
      const queue = await here.open();
      const task = newTask();
      await queue.publish(task, 'standard');
      await rowsOf(
        here.url,
        `update ${here.schema}.task set used = 2, claim = gen_random_uuid(), lease_until = clock_timestamp() - interval '1 s'`,
      );
      expect(await consumeSome(queue, 1)).toEqual([{ task, lane: 'standard', attempt: 3 }]);
      expect(await deadOf(queue)).toEqual([]);
    });

    it('a task that is held uses no attempt when its consumer dies', async () => {
      const here = queues();
      const queue = await here.open();
      await queue.publish(newTask(), 'standard');
      await rowsOf(
        here.url,
        `update ${here.schema}.task set claim = gen_random_uuid(), held = true, lease_until = clock_timestamp() - interval '1 s'`,
      );
      const seen: number[] = [];
      const running = start(queue, async ({ attempt }) => {
        seen.push(attempt);
        return DONE;
      });
      await until('it came back', () => seen.length > 0);
      await running.stop();
      expect(seen).toEqual([1]);
    });

    it('leases are renewed: work that takes longer than one is not handed out twice', async () => {
      const here = queues();
      const [queue, other] = [await here.open(), await here.open()];
      await queue.publish(newTask(), 'standard');
      let begun = 0;
      const handle = async () => {
        begun += 1;
        await delay(2500);
        return DONE;
      };
      const running = [start(queue, handle), start(other, handle)];
      await until('it was done', async () => (await totalDepth(queue)) === 0);
      await Promise.all(running.map((one) => one.stop()));
      expect(begun).toBe(1);
    });

    it('three processes, one of them killed in mid-work: every task is done', async () => {
      const here = queues();
      const queue = await here.open({ max_attempts: 9 });
      const tasks = newTasks(300);
      const workers = [1, 2, 3].map(() => consumer(here, 'work'));
      await expect
        .poll(() => workers.every(({ lines }) => lines.length > 0), { timeout: 120_000 })
        .toBe(true);
      await Promise.all(tasks.map((task) => queue.publish(task, 'standard')));
      await expect.poll(() => workers[0]?.lines.length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(4);
      workers[0]?.child.kill('SIGKILL');
      await expect.poll(() => totalDepth(queue), { timeout: 60_000 }).toBe(0);
      const done = new Set(workers.flatMap(({ lines }) => lines).filter((line) => line.startsWith('done')));
      expect(tasks.filter(({ crashId }) => !done.has(`done ${crashId}`)).length).toBeLessThanOrEqual(4);
      expect(await deadOf(queue)).toEqual([]);
    }, 300_000);

    it('all connections ended again and again in mid-work: no task lost, and the queue heals', async () => {
      const here = queues();
      const queue = await here.open({ max_attempts: 9, lease: 2000 });
      const tasks = newTasks(200);
      for (const task of tasks.slice(0, 100)) await queue.publish(task, 'standard');
      const seen = new Map<string, number>();
      const running = start(
        queue,
        async ({ task }) => {
          await delay(10);
          seen.set(task.crashId, (seen.get(task.crashId) ?? 0) + 1);
          return DONE;
        },
        { concurrency: 8 },
      );
      const failed: typeof tasks = [];
      const publishing = (async () => {
        for (const task of tasks.slice(100))
          await queue.publish(task, 'priority').catch((error: { readonly code: string }) => {
            expect(error.code).toBe('unavailable');
            failed.push(task);
          });
      })();
      for (let round = 0; round < 5; round += 1) {
        await delay(100);
        await terminate(here);
      }
      await publishing;
      for (const task of failed) await queue.publish(task, 'priority');
      await expect.poll(() => totalDepth(queue).catch(() => -1), { timeout: 60_000 }).toBe(0);
      // It hears again: looking would take ten minutes.
      await delay(1000);
      const last = newTask();
      await (await here.open()).publish(last, 'standard');
      await until('it hears again', () => seen.has(last.crashId));
      await running.stop();
      expect(tasks.filter(({ crashId }) => !seen.has(crashId))).toEqual([]);
      expect(await deadOf(queue)).toEqual([]);
      await queue.health();
    }, 120_000);

    it('what nobody was told of is found by looking', async () => {
      const here = queues();
      const queue = await here.open({ poll_interval: 300 });
      const seen: string[] = [];
      const running = start(queue, async ({ task }) => {
        seen.push(task.crashId);
        return DONE;
      });
      await delay(500);
      const { crashId } = newTask();
      await rowsOf(here.url, `insert into ${here.schema}.task (lane, crash_id) values ('standard', $1)`, [
        crashId,
      ]);
      await until('it was found', () => seen.includes(crashId));
      await running.stop();
    });

    it('two that open at once make the tables once', async () => {
      const here = queues();
      const opened = await Promise.all([1, 2, 3, 4].map(() => here.open()));
      for (const queue of opened) await queue.health();
    });

    it('settings that are wrong: one line that names them', async () => {
      const here = queues();
      await expect(here.open({ url: 'postgres://u:hunter2@127.0.0.1:1/x' })).rejects.toThrow(
        /nobody listens there .*correct QUEUE_URL/,
      );
      await expect(here.open({ schema: 'a b' })).rejects.toThrow(/QUEUE_SCHEMA: a b is no name for a schema/);
      await expect(here.open({ tls: 'require' })).rejects.toThrow(/set QUEUE_TLS=disable/);
      await expect(here.open({ url: '' })).rejects.toThrow(
        /QUEUE_URL is no URL of a database: write postgres:/,
      );
    });
  },
);
