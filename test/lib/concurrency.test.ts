import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapConcurrent, Semaphore } from '../../src/lib/concurrency.ts';

describe('mapConcurrent', () => {
  it('keeps the order of its items and never runs more than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3)), fc.integer({ min: 1, max: 8 }), async (turns, limit) => {
        let running = 0;
        let most = 0;
        const results = await mapConcurrent(turns, limit, async (count, index) => {
          running += 1;
          most = Math.max(most, running);
          for (let i = 0; i <= count; i += 1) await Promise.resolve();
          running -= 1;
          return index;
        });
        expect(results).toEqual(turns.map((_, index) => index));
        expect(most).toBe(Math.min(limit, turns.length));
      }),
    );
  });

  it('starts nothing new after a failure, and waits for what is in hand', async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const slow = Promise.withResolvers<void>();
    const work = mapConcurrent([0, 1, 2, 3], 2, async (item) => {
      started.push(item);
      if (item === 0) throw new Error('first');
      await slow.promise;
      ended.push(item);
    });
    await new Promise(setImmediate);
    slow.resolve();
    await expect(work).rejects.toThrow('first');
    expect(started).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });

  it.each([0, -1, Number.NaN])('refuses a limit of %d rather than do nothing', async (limit) => {
    await expect(mapConcurrent([1], limit, async () => 1)).rejects.toThrow(RangeError);
    expect(() => new Semaphore(limit)).toThrow(RangeError);
  });
});

describe('Semaphore', () => {
  it('lets no more in than it has places, the others in order, also after failures', async () => {
    const semaphore = new Semaphore(2);
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const entered: number[] = [];
    const runs = gates.map((gate, index) =>
      semaphore.run(async () => {
        entered.push(index);
        await gate.promise;
      }),
    );
    const settled = Promise.allSettled(runs);
    await new Promise(setImmediate);
    expect(entered).toEqual([0, 1]);
    gates[1]?.reject(new Error('x'));
    await new Promise(setImmediate);
    expect(entered).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    expect((await settled).map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(entered).toEqual([0, 1, 2, 3, 4]);
    expect(await semaphore.run(async () => 'free')).toBe('free');
  });
});
