import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  consumeSome,
  DONE,
  deadOf,
  newTasks,
  start,
  totalDepth,
  until,
} from '../../../src/queue/conformance/harness.ts';
import { ManualTiming } from '../timings.ts';
import { FailingDisk } from './failing-disk.ts';
import { newRoot, newTask, openQueue } from './queues.ts';

const filesUnder = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

const foldersUnder = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

describe('fs queue: files', () => {
  it('a task is one empty file in the slot of its time', async () => {
    const root = await newRoot();
    const queue = await openQueue(root, { timing: new ManualTiming(Date.UTC(2026, 10, 21, 9, 5, 42)) });
    const task = newTask();
    await queue.publish(task, 'standard');
    const [file, ...more] = (await filesUnder(root)).filter((name) => name !== 'queue.json');
    expect(more).toEqual([]);
    expect(file).toMatch(
      new RegExp(`^standard/20261121/09/05_30\\.[0-9a-f]{8}\\.0000/\\d{13}\\.\\w+_s_0_${task.crashId}$`),
    );
    expect(await readFile(join(root, file ?? ''), 'utf8')).toBe('');
  });

  it('no folder gets more than 4,096 entries: a full slot is continued in a second folder', async () => {
    const root = await newRoot();
    const queue = await openQueue(root, { timing: new ManualTiming() });
    const tasks = newTasks(4_100).values();
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (const task of tasks) await queue.publish(task, 'standard');
      }),
    );
    expect(await queue.depth('standard')).toBe(4_100);
    const sizes = await Promise.all(
      (await foldersUnder(join(root, 'standard'))).map(async (folder) => (await readdir(folder)).length),
    );
    expect(Math.max(...sizes)).toBe(4_096);
    expect(sizes).toContain(4);
  });

  it('removes slots, hours and days that are empty and past', async () => {
    const root = await newRoot();
    const timing = new ManualTiming(Date.UTC(2026, 10, 21, 23, 59, 50));
    const queue = await openQueue(root, { timing });
    for (const task of newTasks(3)) {
      await queue.publish(task, 'standard');
      timing.advance(40_000);
    }
    const seen: string[] = [];
    const running = start(queue, async ({ task }) => {
      seen.push(task.crashId);
      return DONE;
    });
    await until('all were handled', () => seen.length === 3);
    expect(await readdir(join(root, 'standard'))).not.toEqual([]);
    timing.advance(2 * 86_400_000);
    await until('the folders are gone', async () => {
      timing.advance(20);
      return (await readdir(join(root, 'standard'))).length === 0;
    });
    await running.stop();
    await queue.publish(newTask(), 'standard');
    expect(await queue.depth('standard')).toBe(1);
  });

  it('leaves nothing behind when the work is done', async () => {
    const root = await newRoot();
    const queue = await openQueue(root);
    for (const task of newTasks(5)) await queue.publish(task, 'standard');
    await consumeSome(queue, 5, ({ attempt }) =>
      attempt === 1 ? DONE : { kind: 'retry', reason: 'x', delayMs: 0 },
    );
    await queue.health();
    expect(await filesUnder(root)).toEqual(['queue.json']);
    expect(await readdir(join(root, 'claimed'))).toEqual([]);
  });

  it('refuses the folder of another layout', async () => {
    const root = await newRoot();
    await writeFile(join(root, 'queue.json'), '{"layout":"auxilio-queue-9"}');
    await expect(openQueue(root)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('auxilio-queue-9'),
    });
    await writeFile(join(root, 'queue.json'), 'not JSON');
    await expect(openQueue(root)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('what is no task goes to the dead and is in nobody’s way', async () => {
    const root = await newRoot();
    const queue = await openQueue(root);
    await queue.publish(newTask(), 'standard');
    const [file] = (await filesUnder(root)).filter((name) => name.startsWith('standard/'));
    const slot = join(root, file ?? '', '..');
    await writeFile(join(slot, 'garbage'), 'Password=hunter2');
    await writeFile(join(slot, '0000000000000.0000_s_0_no-crash-id'), '');
    await writeFile(join(slot, '.nfs0000'), '');
    await consumeSome(queue, 1);
    const running = start(queue, async () => DONE);
    await until('the lane is empty', async () => (await totalDepth(queue)) === 0);
    await running.stop();
    const dead = await deadOf(queue);
    expect(dead.map(({ task, found, reason }) => ({ task, found, reason }))).toEqual([
      { task: null, found: '0000000000000.0000_s_0_no-crash-id', reason: 'this is no task' },
      { task: null, found: 'garbage', reason: 'this is no task' },
    ]);
    expect(await queue.requeueDead('all')).toBe(0);
    expect(await queue.removeDead('all')).toBe(2);
    expect(await deadOf(queue)).toEqual([]);
  });

  it('a task whose reason was torn is still there', async () => {
    const root = await newRoot();
    const queue = await openQueue(root);
    const task = newTask();
    await queue.publish(task, 'standard');
    await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'x' }));
    const [file] = (await filesUnder(root)).filter((name) => name.startsWith('dead/'));
    await writeFile(join(root, file ?? ''), '{"at":"20');
    expect(await deadOf(queue)).toMatchObject([{ task, reason: 'the reason was lost' }]);
    expect(await queue.requeueDead('all')).toBe(1);
  });
});

describe('fs queue: a disk that fails', () => {
  it('says full, or unavailable, and is unhealthy meanwhile', async () => {
    const disk = new FailingDisk();
    const queue = await openQueue(await newRoot(), { disk });
    disk.failing.set('open', 'ENOSPC');
    await expect(queue.publish(newTask(), 'standard')).rejects.toMatchObject({ code: 'full' });
    await expect(queue.health()).rejects.toMatchObject({ code: 'full' });
    disk.failing.set('open', 'EROFS');
    await expect(queue.publish(newTask(), 'standard')).rejects.toMatchObject({ code: 'unavailable' });
    disk.failing.clear();
    await queue.publish(newTask(), 'standard');
    await queue.health();
    expect(await totalDepth(queue)).toBe(1);
  });

  it('does not do work again because it could not be acknowledged for a while', async () => {
    const disk = new FailingDisk();
    const queue = await openQueue(await newRoot(), { disk });
    await queue.publish(newTask(), 'standard');
    let handled = 0;
    disk.failing.set('unlink', 'EIO');
    const running = start(queue, async () => {
      handled += 1;
      return DONE;
    });
    await until('it was handled', () => handled === 1);
    expect(await totalDepth(queue)).toBe(1);
    disk.failing.clear();
    await until('it is acknowledged', async () => (await totalDepth(queue)) === 0);
    await running.stop();
    expect(handled).toBe(1);
  });

  it('goes on when tasks cannot be taken for a while, without running hot', async () => {
    const disk = new FailingDisk();
    const timing = new ManualTiming();
    const queue = await openQueue(await newRoot(), { disk, timing });
    await queue.publish(newTask(), 'standard');
    disk.failing.set('rename', 'EIO');
    let handled = 0;
    const running = start(queue, async () => {
      handled += 1;
      return DONE;
    });
    await until('it waits', () => timing.pauses.includes(20));
    const looks = timing.pauses.length;
    await totalDepth(queue);
    expect(timing.pauses.length).toBe(looks);
    disk.failing.clear();
    await until('it was handled', () => {
      timing.advance(20);
      return handled === 1;
    });
    await running.stop();
  });

  it('waits for a folder that cannot be written before it consumes', async () => {
    const disk = new FailingDisk();
    const queue = await openQueue(await newRoot(), { disk });
    await queue.publish(newTask(), 'standard');
    disk.failing.set('open', 'EROFS');
    let handled = 0;
    const running = start(queue, async () => {
      handled += 1;
      return DONE;
    });
    await until('time has passed', async () => (await totalDepth(queue)) === 1);
    disk.failing.clear();
    await until('it was handled', () => handled === 1);
    await running.stop();
  });
});

describe('fs queue: idle', () => {
  it('sleeps for the whole poll interval when there is nothing to do', async () => {
    const root = await newRoot();
    await mkdir(root, { recursive: true });
    const timing = new ManualTiming();
    const queue = await openQueue(root, { timing, settings: { poll_interval: 1_000 } });
    const running = start(queue, async () => DONE, { concurrency: 8 });
    for (let round = 1; round <= 5; round += 1) {
      await until('it sleeps', () => timing.pauses.filter((ms) => ms === 1_000).length === round);
      timing.advance(1_000);
    }
    await running.stop();
    expect(new Set(timing.pauses)).toEqual(new Set([1_000, 5_000, 15_000]));
  });

  it('is woken at once by what the same process publishes, retries or requeues', async () => {
    const timing = new ManualTiming();
    const queue = await openQueue(await newRoot(), { timing, settings: { poll_interval: 1_000 } });
    let handled = 0;
    const running = start(queue, async ({ attempt }) => {
      handled += 1;
      return attempt === 1 ? { kind: 'retry', reason: 'x', delayMs: 0 } : { kind: 'dead', reason: 'x' };
    });
    await until('it sleeps', () => timing.pauses.includes(1_000));
    await queue.publish(newTask(), 'standard');
    await until('it is dead', async () => (await deadOf(queue)).length === 1);
    await queue.requeueDead('all');
    await until('it was tried again, twice', () => handled === 4);
    await running.stop();
    expect(timing.elapsed()).toBe(0);
  });

  it('looks for more as soon as it has used up what it found', async () => {
    const root = await newRoot();
    const timing = new ManualTiming();
    const queue = await openQueue(root, { timing });
    const other = await openQueue(root, { timing: new ManualTiming() });
    await other.publish(newTask(), 'standard');
    let handled = 0;
    const running = start(queue, async () => {
      handled += 1;
      if (handled === 1) await other.publish(newTask(), 'standard');
      return DONE;
    });
    await until('both were handled', () => handled === 2);
    await running.stop();
    expect(timing.elapsed()).toBe(0);
  });

  it('sleeps no longer than until the next task is due', async () => {
    const timing = new ManualTiming();
    const queue = await openQueue(await newRoot(), { timing, settings: { poll_interval: 1_000 } });
    await queue.publish(newTask(), 'standard');
    const attempts: number[] = [];
    const running = start(queue, async ({ attempt }) => {
      attempts.push(attempt);
      return attempt === 1 ? { kind: 'retry', reason: 'x', delayMs: 1_300 } : DONE;
    });
    await until('it sleeps', () => timing.pauses.includes(1_000));
    timing.advance(1_000);
    await until('it sleeps for the rest', () => timing.pauses.includes(300));
    expect(attempts).toEqual([1]);
    timing.advance(300);
    await until('it is tried again', () => attempts.length === 2);
    await running.stop();
  });
});
