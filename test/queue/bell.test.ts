import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Bell } from '../../src/queue/bell.ts';
import { systemTiming } from '../../src/queue/timing.ts';

const HOUR_MS = 3_600_000;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

describe('the bell', () => {
  it('ends the wait of whoever waits, and of whoever looked before it rang', async () => {
    const bell = new Bell(systemTiming);
    const { signal } = new AbortController();
    const waits = [bell.wait(bell.next, HOUR_MS, signal), bell.wait(bell.next, HOUR_MS, signal)];
    const before = bell.next;
    bell.ring();
    await Promise.all(waits);
    await bell.wait(before, HOUR_MS, signal);
  });

  it('ends a wait when the signal aborts, or has', async () => {
    const bell = new Bell(systemTiming);
    const stop = new AbortController();
    const waiting = bell.wait(bell.next, HOUR_MS, stop.signal);
    stop.abort();
    await waiting;
    await bell.wait(bell.next, HOUR_MS, stop.signal);
  });

  it('keeps nothing of a wait that is over: a consumer may be idle for months', async () => {
    const gc = collector();
    const bell = new Bell({ ...systemTiming, sleep: async () => undefined });
    const { signal } = new AbortController();
    const waits = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i += 1) await bell.wait(bell.next, 1000, signal);
      gc();
      return process.memoryUsage().heapUsed;
    };
    const before = await waits(1000);
    expect((await waits(20_000)) - before).toBeLessThan(20_000 * 50);
  });
});
