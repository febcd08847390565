import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeDisk } from '../../../src/lib/disk.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { consumeSome, DONE, deadOf, start, until } from '../../../src/queue/conformance/harness.ts';
import { isKnownDead, newOwner } from '../../../src/queue/fs/owner.ts';
import { TakingBack } from '../../../src/queue/fs/taking-back.ts';
import { formatName } from '../../../src/queue/fs/task-name.ts';
import { ManualTiming } from '../timings.ts';
import { newRoot, newTask, openQueue } from './queues.ts';

const LEASE = 60_000;
/** What another machine would be called. */
const STRANGER = 'abcdefabcdef-1-2-0123456789ab';

async function newClaims(): Promise<{
  readonly root: string;
  readonly timing: ManualTiming;
  readonly died: string[];
  readonly released: string[];
  readonly unreadable: string[];
  readonly back: TakingBack;
}> {
  const root = await newRoot();
  const timing = new ManualTiming();
  const died: string[] = [];
  const released: string[] = [];
  const unreadable: string[] = [];
  const back = new TakingBack({
    root,
    leaseMs: LEASE,
    disk: new NodeDisk(),
    timing,
    log: silentLog,
    onTask: {
      died: async (_path, name) => void died.push(formatName(name)),
      release: async (_path, name) => void released.push(formatName(name)),
      unreadable: async (_path, file) => void unreadable.push(file),
    },
  });
  return { root, timing, died, released, unreadable, back };
}

async function addOwner(root: string, owner: string, files: readonly string[]): Promise<string> {
  const folder = join(root, owner);
  await mkdir(folder);
  for (const file of ['lease', ...files]) await writeFile(join(folder, file), '');
  return join(folder, 'lease');
}

const nameOf = (): string =>
  formatName({
    time: Date.now(),
    serial: '0001',
    lane: 'standard',
    used: 0,
    isSuspect: false,
    task: newTask(),
  });

const notOwn = (): boolean => false;

describe('taking back', () => {
  it('what was in the hand of a consumer whose lease ran out while we watched', async () => {
    const { root, timing, back, died, released, unreadable } = await newClaims();
    const [a, b, c] = [nameOf(), nameOf(), nameOf()];
    await addOwner(root, STRANGER, [a, `held.${b}`, `dying.${c}`, 'junk']);
    for (let age = 0; age < LEASE; age += 5_000) {
      await back.look(notOwn);
      expect(died).toEqual([]);
      timing.advance(5_000);
    }
    await back.look(notOwn);
    expect(died.toSorted()).toEqual([a, c].toSorted());
    expect(released).toEqual([b]);
    expect(unreadable).toEqual(['junk']);
    expect(await readdir(root)).toEqual([]);
  });

  it('nothing while the lease is renewed, whatever its clock says', async () => {
    const { root, timing, back, died } = await newClaims();
    const lease = await addOwner(root, STRANGER, [nameOf()]);
    for (let hour = 0; hour < 20; hour += 1) {
      const wrong = new Date(Date.UTC(1999, 0, 1, hour));
      await utimes(lease, wrong, wrong);
      for (let age = 0; age < LEASE - 5_000; age += 5_000) {
        await back.look(notOwn);
        timing.advance(5_000);
      }
    }
    expect(died).toEqual([]);
  });

  it('nothing because we ourselves slept: the time we did not look does not count', async () => {
    const { root, timing, back, died } = await newClaims();
    await addOwner(root, STRANGER, [nameOf()]);
    for (let day = 0; day < 5; day += 1) {
      await back.look(notOwn);
      timing.advance(86_400_000);
    }
    expect(died).toEqual([]);
  });

  it('nothing from ourselves', async () => {
    const { root, timing, back, died } = await newClaims();
    await addOwner(root, STRANGER, [nameOf()]);
    for (let looks = 0; looks < 50; looks += 1) {
      await back.look((owner) => owner === STRANGER);
      timing.advance(5_000);
    }
    expect(died).toEqual([]);
  });
});

describe('owners', () => {
  it('are not dead while their process lives', () => {
    expect(isKnownDead(newOwner())).toBe(false);
    expect(newOwner()).not.toBe(newOwner());
  });

  it('of other machines are never known to be dead', () => {
    expect(isKnownDead(STRANGER)).toBe(false);
    expect(isKnownDead('anything')).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    'are dead when their process is, and when its number was given to another (skipped without /proc)',
    async () => {
      const child = spawn(process.execPath, [
        '--input-type=module',
        '-e',
        `import { newOwner } from ${JSON.stringify(join(import.meta.dirname, '../../../src/queue/fs/owner.ts'))};
         process.stdout.write(newOwner()); setInterval(() => {}, 1000);`,
      ]);
      const [owner] = (await once(child.stdout, 'data')).map(String) as [string];
      expect(isKnownDead(owner)).toBe(false);
      const [here, pid, started, rest] = owner.split('-') as [string, string, string, string];
      expect(isKnownDead([here, pid, Number(started) - 1, rest].join('-'))).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'close');
      expect(isKnownDead(owner)).toBe(true);
    },
  );
});

describe('fs queue: leases', () => {
  it('a consumer that stands still loses its tasks, is told so, and can do them no harm', async () => {
    const root = await newRoot();
    const [stuck, lively] = [new ManualTiming(), new ManualTiming()];
    const first = await openQueue(root, { timing: stuck });
    const second = await openQueue(root, { timing: lively });
    const task = newTask();
    await first.publish(task, 'standard');
    const work = Promise.withResolvers<void>();
    let signal: AbortSignal | undefined;
    const firstRuns = start(first, async (_delivery, options) => {
      signal = options.signal;
      await work.promise;
      return { kind: 'dead', reason: 'said by one who has lost it' };
    });
    await until('the first has it', () => signal !== undefined);
    const attempts: number[] = [];
    const secondRuns = start(second, async ({ attempt }) => {
      attempts.push(attempt);
      return DONE;
    });
    await until('the second has it', () => {
      lively.advance(1_000);
      return attempts.length === 1;
    });
    expect(attempts).toEqual([2]);
    stuck.advance(15_000);
    await until('the first is told', () => signal?.aborted === true);
    work.resolve();
    await first.publish(newTask(), 'standard');
    await until('the first goes on with a new lease', async () => {
      stuck.advance(20);
      lively.advance(20);
      return (await second.depth('standard')) === 0;
    });
    await firstRuns.stop();
    await secondRuns.stop();
    expect((await deadOf(first)).map(({ task: dead }) => dead?.crashId)).not.toContain(task.crashId);
  });

  it('a lease is renewed while a task is in hand, also after the consumer was told to stop', async () => {
    const root = await newRoot();
    const timing = new ManualTiming();
    const queue = await openQueue(root, { timing });
    await queue.publish(newTask(), 'standard');
    const work = Promise.withResolvers<void>();
    let isAtWork = false;
    let wasLost = false;
    const running = start(queue, async (_delivery, { signal }) => {
      isAtWork = true;
      await work.promise;
      wasLost = signal.aborted;
      return DONE;
    });
    await until('the handler is at work', () => isAtWork);
    const stopped = running.stop();
    const watcher = new ManualTiming();
    const other = await openQueue(root, { timing: watcher });
    const watching = start(other, async () => DONE);
    for (let step = 0; step < 30; step += 1) {
      const renewals = timing.pauses.filter((ms) => ms === LEASE / 4).length;
      timing.advance(LEASE / 4);
      await until('it was renewed', () => timing.pauses.filter((ms) => ms === LEASE / 4).length > renewals);
      const looks = watcher.pauses.filter((ms) => ms === 5_000).length;
      watcher.advance(5_000);
      await until('the other looked', () => watcher.pauses.filter((ms) => ms === 5_000).length > looks);
    }
    work.resolve();
    await stopped;
    await watching.stop();
    expect(wasLost).toBe(false);
    expect(await other.depth('standard')).toBe(0);
  });

  it('a task that goes on killing its process ends with the dead', async () => {
    const root = await newRoot();
    const queue = await openQueue(root);
    const task = newTask();
    const dead = `${newOwner().split('-')[0]}-999999999-1-0123456789ab`;
    await mkdir(join(root, 'claimed', dead), { recursive: true });
    const file = formatName({
      time: Date.now(),
      serial: '0001',
      lane: 'priority',
      used: 2,
      isSuspect: true,
      task,
    });
    await writeFile(join(root, 'claimed', dead, file), '');
    const running = start(queue, async () => DONE);
    await until('it is dead', async () => (await deadOf(queue)).length === 1);
    await running.stop();
    expect(await deadOf(queue)).toMatchObject([
      { task, lane: 'priority', attempts: 3, reason: 'the process died with the task in hand' },
    ]);
  });

  it('the first death does not take the last attempt: another task may have been to blame', async () => {
    const root = await newRoot();
    const queue = await openQueue(root);
    const task = newTask();
    const dead = `${newOwner().split('-')[0]}-999999999-1-0123456789ab`;
    await mkdir(join(root, 'claimed', dead), { recursive: true });
    const name = {
      time: Date.now(),
      serial: '0001',
      lane: 'priority',
      used: 2,
      isSuspect: false,
      task,
    } as const;
    await writeFile(join(root, 'claimed', dead, formatName(name)), '');
    expect(await consumeSome(queue, 1)).toEqual([{ task, lane: 'priority', attempt: 3 }]);
    expect(await deadOf(queue)).toEqual([]);
  });

  it('a process that dies while it waits for an engine uses no attempt', async () => {
    const root = await newRoot();
    const dead = `${newOwner().split('-')[0]}-999999999-1-0123456789ab`;
    const task = newTask();
    await mkdir(join(root, 'claimed', dead), { recursive: true });
    const file = formatName({
      time: Date.now(),
      serial: '0001',
      lane: 'standard',
      used: 2,
      isSuspect: false,
      task,
    });
    await writeFile(join(root, 'claimed', dead, `held.${file}`), '');
    const queue = await openQueue(root);
    expect(await consumeSome(queue, 1)).toEqual([{ task, lane: 'standard', attempt: 3 }]);
  });
});
