import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  deadOf,
  idsOf,
  newTask,
  newTasks,
  totalDepth,
  until,
} from '../../../src/queue/conformance/harness.ts';
import type { RabbitSettings } from '../../../src/queue/rabbitmq/settings.ts';
import { end, workers } from '../workers.ts';
import { freshVhost, openQueue, settingsFor } from './queues.ts';
import { missing } from './vhosts.ts';

const LIMIT_MS = 180_000;

async function newScene(url: string, given: Partial<RabbitSettings>) {
  const { start, lines } = await workers(join(import.meta.dirname, 'process.ts'));
  const settings = JSON.stringify(settingsFor(url, given));
  return { run: () => start(settings), lines };
}

describe.skipIf(missing)(
  `kill -9 of consumers of RabbitMQ${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: LIMIT_MS },
  () => {
    it('1000 tasks: every one is done, and none is given up', async () => {
      const vhost = await freshVhost();
      const scene = await newScene(vhost.url, { max_attempts: 20 });
      const queue = await openQueue(vhost.url);
      const tasks = newTasks(1000);
      const begun = async (): Promise<number> => (await scene.lines('begun')).length;
      await Promise.all(tasks.map((task) => queue.publish(task, 'standard')));
      for (let round = 0; round < 6; round += 1) {
        const before = await begun();
        const [one, other] = await Promise.all([scene.run(), scene.run()]);
        await until('they work', async () => (await begun()) > before + 20);
        await delay(Math.random() * 50);
        await Promise.all([end(one, 'SIGKILL'), end(other, 'SIGKILL')]);
      }
      const last = await scene.run();
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await end(last, 'SIGTERM');
      const done = new Set((await scene.lines('done')).map(([, id]) => id));
      expect(idsOf(tasks).filter((id) => !done.has(id))).toEqual([]);
      expect(await deadOf(queue)).toEqual([]);
      const again = (await scene.lines('begun')).filter(([, , attempt]) => attempt !== '1');
      expect(again.length).toBeGreaterThan(0);
    });

    it('poison: what goes on killing its process is given up with its reason, and nobody else is', async () => {
      const vhost = await freshVhost();
      const scene = await newScene(vhost.url, { max_attempts: 3 });
      const queue = await openQueue(vhost.url);
      const poison = { ...newTask(), ruleset: 'poison' };
      const others = newTasks(20);
      for (const task of [...others.slice(0, 2), poison, ...others.slice(2)])
        await queue.publish(task, 'standard');
      let deaths = 0;
      for (let dead = 0; dead === 0; ) {
        const child = await scene.run();
        const died = once(child, 'close').then(() => true);
        await until('it died, or all is done', async () => {
          const isOver = await Promise.race([died, delay(20, false)]);
          if (isOver) deaths += 1;
          return isOver || (await totalDepth(queue)) === 0;
        });
        dead = (await deadOf(queue)).length;
        if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGTERM');
      }
      expect(deaths).toBe(3);
      const [dead, ...more] = await deadOf(queue);
      expect(more).toEqual([]);
      expect(dead).toMatchObject({
        task: poison,
        lane: 'standard',
        attempts: 3,
        reason: 'the process died with the task in hand',
      });
      const done = new Set((await scene.lines('done')).map(([, id]) => id));
      expect(idsOf(others).filter((id) => !done.has(id))).toEqual([]);
    });

    it('a process that is told to stop gives nothing back half done, and no attempt is used', async () => {
      const vhost = await freshVhost();
      const scene = await newScene(vhost.url, {});
      const queue = await openQueue(vhost.url);
      const tasks = newTasks(200);
      await Promise.all(tasks.map((task) => queue.publish(task, 'standard')));
      for (let round = 0; round < 4; round += 1) {
        const child = await scene.run();
        await delay(100);
        await end(child, 'SIGTERM');
      }
      const last = await scene.run();
      await until('nothing is left', async () => (await totalDepth(queue)) === 0);
      await end(last, 'SIGTERM');
      const done = await scene.lines('done');
      expect(done.map(([, id]) => id).toSorted()).toEqual(idsOf(tasks).toSorted());
      expect(new Set(done.map(([, , attempt]) => attempt))).toEqual(new Set(['1']));
    });
  },
);
