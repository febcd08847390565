import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import type { CrashId } from '../../../src/model/crash-id.ts';
import { deadOf, totalDepth } from '../../../src/queue/conformance/harness.ts';
import type { CrashTask, Outcome } from '../../../src/queue/contract.ts';
import { FsQueue } from '../../../src/queue/fs/fs-queue.ts';
import { PowerCutDisk, seededRandom } from '../../build/power-cut-disk.ts';
import { JumpingTiming } from '../timings.ts';
import { newRoot, newTask, SETTINGS } from './queues.ts';

const LEASE = 1_000;

/** What each task of the story is: its outcomes, one after the other. */
const STORY: readonly (readonly Outcome[])[] = [
  [{ kind: 'done' }],
  [{ kind: 'retry', reason: 'a' }, { kind: 'done' }],
  [{ kind: 'dead', reason: 'b' }],
  [{ kind: 'postpone', reason: 'c' }, { kind: 'done' }],
  [
    { kind: 'retry', reason: 'd' },
    { kind: 'retry', reason: 'e' },
    { kind: 'retry', reason: 'f' },
  ],
  [{ kind: 'done' }],
];

/** Publishes the story's tasks, two at once, and consumes them; marks what was promised when. */
async function tell(disk: PowerCutDisk): Promise<void> {
  const queue = await FsQueue.open({
    root: disk.root,
    settings: { ...SETTINGS, lease: LEASE },
    log: silentLog,
    disk,
    timing: new JumpingTiming(),
  });
  const left = new Map<CrashId, Outcome[]>();
  const tasks: CrashTask[] = STORY.map(() => newTask());
  for (const [index, task] of tasks.entries()) left.set(task.crashId, [...(STORY[index] ?? [])]);
  const stop = new AbortController();
  const consuming = queue.consume(
    async ({ task }) => {
      const outcome = left.get(task.crashId)?.shift() ?? { kind: 'done' };
      if (outcome.kind === 'done') disk.mark(`handled ${task.crashId}`);
      return outcome;
    },
    { concurrency: 2, signal: stop.signal },
  );
  const rest = tasks.values();
  const publisher = async (): Promise<void> => {
    for (const task of rest) {
      await queue.publish(task, 'standard');
      disk.mark(`published ${task.crashId}`);
    }
  };
  await Promise.all([publisher(), publisher()]);
  while ((await totalDepth(queue)) > 0) await new Promise(setImmediate);
  stop.abort();
  await consuming;
  const dead = await deadOf(queue);
  for (const { task } of dead) disk.mark(`dead ${task?.crashId}`);
  expect(dead.length).toBe(2);
  await queue.requeueDead('all');
  await queue.close();
}

/** What a queue on the remains hands out, or has among its dead. */
async function recover(root: string): Promise<Set<string>> {
  const queue = await FsQueue.open({
    root,
    settings: { ...SETTINGS, lease: LEASE, max_attempts: 9 },
    log: silentLog,
    timing: new JumpingTiming(),
  });
  const found = new Set<string>();
  const stop = new AbortController();
  const consuming = queue.consume(
    async ({ task }) => {
      found.add(task.crashId);
      return { kind: 'done' };
    },
    { concurrency: 4, signal: stop.signal },
  );
  for (const end = performance.now() + 10_000; (await totalDepth(queue)) > 0; ) {
    expect(performance.now(), 'something is never handed out').toBeLessThan(end);
    await new Promise(setImmediate);
  }
  stop.abort();
  await consuming;
  for (const { task } of await deadOf(queue)) if (task) found.add(task.crashId);
  await queue.close();
  return found;
}

it('a power cut at any point loses no task that was published and not handled', async () => {
  const disk = await PowerCutDisk.open(await newRoot());
  await tell(disk);
  const remains = await mkdtemp(join(tmpdir(), 'auxilio-remains-'));
  onTestFinished(() => rm(remains, { recursive: true, force: true }));
  let cuts = 0;
  let owed = 0;
  for (let point = 0; point <= disk.events; point += 1) {
    const marks = disk.marksAt(point);
    const handled = new Set(marks.filter((m) => m.startsWith('handled ')).map((m) => m.slice(8)));
    const promised = marks
      .filter((m) => m.startsWith('published ') || m.startsWith('dead '))
      .map((m) => m.slice(m.indexOf(' ') + 1))
      .filter((id) => !handled.has(id));
    for (const random of [undefined, seededRandom(point)]) {
      const root = join(remains, String(cuts));
      await disk.materialise(point, root, { random });
      const found = await recover(root);
      for (const id of promised) expect([...found], `cut at ${point} of ${disk.events}`).toContain(id);
      await rm(root, { recursive: true });
      cuts += 1;
      owed += promised.length;
    }
  }
  expect(owed).toBeGreaterThan(300);
  console.log(`${cuts} power cuts, ${owed} tasks owed, none lost`);
}, 300_000);
