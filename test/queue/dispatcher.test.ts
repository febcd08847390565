import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import type { CrashTask, Delivery, Outcome } from '../../src/queue/contract.ts';
import { reasonOf } from '../../src/queue/dispatcher.ts';
import { MemoryQueue } from '../../src/queue/memory/memory-queue.ts';
import { growingPause } from '../../src/queue/timing.ts';
import { JumpingTiming } from './timings.ts';

const HOUR = 3_600_000;
const SETTINGS = {
  max_attempts: 5,
  retry_base: 10_000,
  retry_cap: 600_000,
  postpone_base: 250,
  postpone_cap: 30_000,
};

function newQueue(): { readonly queue: MemoryQueue; readonly timing: JumpingTiming } {
  const timing = new JumpingTiming();
  return { timing, queue: new MemoryQueue({ settings: SETTINGS, log: silentLog, timing }) };
}

/** Consumes until `enough` says so; answers when each delivery came, on the queue's clock. */
async function consume(
  { queue, timing }: ReturnType<typeof newQueue>,
  outcome: (delivery: Delivery<CrashTask>, times: readonly number[]) => Outcome,
  enough: (times: readonly number[]) => boolean,
  resume?: () => Promise<void>,
): Promise<number[]> {
  const times: number[] = [];
  const stop = new AbortController();
  await queue.consume(
    async (delivery) => {
      times.push(timing.elapsed());
      const result = outcome(delivery, times);
      if (enough(times)) stop.abort();
      return result;
    },
    { concurrency: 1, signal: stop.signal, ...(resume ? { resume } : {}) },
  );
  return times;
}

const publishOne = (queue: MemoryQueue): Promise<void> =>
  queue.publish({ crashId: createCrashId(new Date()) }, 'standard');

describe('dispatcher', () => {
  it('spaces attempts further and further apart', async () => {
    const parts = newQueue();
    await publishOne(parts.queue);
    const times = await consume(
      parts,
      () => ({ kind: 'retry', reason: 'x' }),
      (seen) => seen.length === 5,
    );
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toEqual([10_000, 20_000, 40_000, 80_000]);
  });

  it('an hour without the store: nothing dies, no attempt is used, and the store is rarely asked', async () => {
    const parts = newQueue();
    await publishOne(parts.queue);
    const isDown = (): boolean => parts.timing.elapsed() < HOUR;
    const attempts = new Set<number>();
    const times = await consume(
      parts,
      ({ attempt }) => {
        attempts.add(attempt);
        return isDown() ? { kind: 'postpone', reason: 'store unavailable' } : { kind: 'done' };
      },
      () => !isDown(),
    );
    expect(attempts).toEqual(new Set([1]));
    expect(times.length).toBeGreaterThan(100);
    expect(times.length).toBeLessThan(140);
    expect(Math.max(...times) - HOUR).toBeLessThan(30_000);
    const dead = [];
    for await (const one of parts.queue.listDead()) dead.push(one);
    expect(dead).toEqual([]);
    expect(await parts.queue.depth('standard')).toBe(0);
  });

  it('is not turned round by engines that say they are well and fail', async () => {
    const parts = newQueue();
    await publishOne(parts.queue);
    let asked = 0;
    const times = await consume(
      parts,
      () => ({ kind: 'postpone', reason: 'x' }),
      (seen) => seen.length === 12,
      async () => {
        asked += 1;
      },
    );
    expect(asked).toBe(12);
    expect(times[1]).toBe(times[0]);
    const gaps = times.slice(2).map((time, index) => time - (times[index + 1] ?? 0));
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('pauses by itself when asking the engines fails', async () => {
    const parts = newQueue();
    await publishOne(parts.queue);
    const times = await consume(
      parts,
      () => ({ kind: 'postpone', reason: 'x' }),
      (seen) => seen.length === 3,
      () => Promise.reject(new Error('no')),
    );
    expect(times).toEqual([0, 250, 750]);
  });

  it('begins with short pauses again after something went well', async () => {
    const parts = newQueue();
    for (let i = 0; i < 2; i += 1) await publishOne(parts.queue);
    const kinds = ['postpone', 'postpone', 'done', 'postpone', 'done'] as const;
    const times = await consume(
      parts,
      (_delivery, seen) => {
        const kind = kinds[seen.length - 1] ?? 'done';
        return kind === 'done' ? { kind } : { kind, reason: 'x' };
      },
      (seen) => seen.length === 5,
    );
    expect(times).toEqual([0, 250, 750, 750, 1_000]);
  });
});

describe('reasonOf', () => {
  it.each([
    [Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new RangeError('secret'), 'RangeError'],
    [Object.assign(new Error('secret'), { code: 'it was: secret' }), 'Error'],
    [Object.assign(new Error('secret'), { name: 'a secret name' }), 'Error'],
    ['secret', 'threw something that is no error'],
  ])('%o', (error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});

describe('growingPause', () => {
  it('doubles up to its cap, spread over the upper half', () => {
    expect([1, 2, 3, 4, 60].map((step) => growingPause(step, 100, 350, () => 1))).toEqual([
      100, 200, 350, 350, 350,
    ]);
    expect(growingPause(2, 100, 350, () => 0)).toBe(100);
  });
});
