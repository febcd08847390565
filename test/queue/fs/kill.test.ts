/** Processes that are killed and processes that share: no task is lost. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { deadOf, totalDepth, until } from '../../../src/queue/conformance/harness.ts';
import type { CrashQueue } from '../../../src/queue/contract.ts';
import { end, workers } from '../workers.ts';
import { newRoot, newTask, openQueue, SETTINGS } from './queues.ts';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 10);
/** On Linux a killed process is known to be dead; elsewhere its lease has to run out. */
const LEASE = process.platform === 'linux' ? 3_600_000 : 500;
const settings = { ...SETTINGS, lease: LEASE, max_attempts: 1_000_000 };

async function newScene() {
  const root = join(await newRoot(), 'queue');
  const { start, lines } = await workers(join(import.meta.dirname, 'process.ts'));
  return {
    root,
    run: (role: 'publish' | 'consume') => start(role, root, JSON.stringify(settings)),
    lines,
  };
}

/** Many rounds leave more behind than is done in any fixed time; but it must go on getting less. */
async function drained(queue: CrashQueue): Promise<void> {
  for (let left = await totalDepth(queue); left > 0; ) {
    const before = left;
    await until(`fewer than ${before} are left`, async () => {
      left = await totalDepth(queue);
      await delay(100);
      return left < before;
    });
  }
}

it(
  `kill -9 of publisher and consumer, ${ROUNDS} times: no published task is lost`,
  async () => {
    const scene = await newScene();
    const queue = await openQueue(scene.root, { settings });
    for (let round = 0; round < ROUNDS; round += 1) {
      const [publisher, consumer] = await Promise.all([scene.run('publish'), scene.run('consume')]);
      await delay(20 + Math.random() * 150);
      await Promise.all([end(publisher, 'SIGKILL'), end(consumer, 'SIGKILL')]);
    }
    const consumer = await scene.run('consume');
    await drained(queue);
    await end(consumer, 'SIGTERM');
    const published = new Set((await scene.lines('published')).map(([, id]) => id));
    const done = new Set((await scene.lines('done')).map(([, id]) => id));
    expect(published.size).toBeGreaterThan(ROUNDS);
    expect([...published].filter((id) => !done.has(id))).toEqual([]);
    expect(await deadOf(queue)).toEqual([]);
  },
  Math.max(600_000, ROUNDS * 10_000),
);

it('several processes share the tasks: none lost, none done twice', async () => {
  const scene = await newScene();
  const queue = await openQueue(scene.root, { settings });
  const ids = Array.from({ length: 400 }, () => newTask().crashId);
  await Promise.all(ids.map((crashId) => queue.publish({ crashId }, 'standard')));
  const consumers = await Promise.all([scene.run('consume'), scene.run('consume'), scene.run('consume')]);
  await until('nothing is left', async () => (await totalDepth(queue)) === 0);
  for (const consumer of consumers) await end(consumer, 'SIGTERM');
  const done = await scene.lines('done');
  expect(done.map(([, id]) => id).toSorted()).toEqual(ids.toSorted());
  expect(new Set(done.map(([, , pid]) => pid)).size).toBeGreaterThan(1);
}, 60_000);
