import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AbortedError } from '../../../src/lib/abort.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { inOrder } from '../../../src/storage/transfer/in-order.ts';
import { Patience } from '../../../src/storage/transfer/patience.ts';
import { Rate } from '../../../src/storage/transfer/rate.ts';

describe('patience', () => {
  const down = new StorageError('unavailable', 'to', 'down');

  it('pauses that double up to the longest, and a line at least every ten seconds', async () => {
    const lines: Record<string, unknown>[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
        done();
      },
    });
    const waits: number[] = [];
    const patience = new Patience(
      { firstMs: 8000, longestMs: 25_000 },
      pino({ base: null }, sink),
      async (ms) => {
        waits.push(ms);
      },
    );
    let left = 4;
    const result = await patience.until(
      'list',
      async () => {
        left -= 1;
        if (left > 0) throw down;
        return 'done';
      },
      {},
    );
    expect(result).toBe('done');
    expect(waits).toEqual([8000, 10_000, 6000, 10_000, 10_000, 5000]);
    expect(lines.filter((line) => line['level'] === 40)).toHaveLength(6);
    expect(lines[0]).toMatchObject({ store: 'to', code: 'unavailable', during: 'list', nextInMs: 8000 });
    expect(lines.at(-1)).toMatchObject({ msg: 'the stores are back' });
  });

  it('gives up after so many, at once for what does not pass, and when it is told to stop', async () => {
    let calls = 0;
    const failing = (error: Error) => async (): Promise<never> => {
      calls += 1;
      throw error;
    };
    const patience = new Patience({ firstMs: 1, longestMs: 1, attempts: 3 }, silentLog);
    await expect(patience.until('x', failing(down), {})).rejects.toBe(down);
    expect(calls).toBe(3);
    const corrupt = new StorageError('corrupt', 'to', 'bad');
    await expect(patience.until('x', failing(corrupt), {})).rejects.toBe(corrupt);
    expect(calls).toBe(4);
    const stop = new AbortController();
    const endless = new Patience({ firstMs: 60_000, longestMs: 60_000 }, silentLog);
    const waiting = endless.until('x', failing(down), { signal: stop.signal });
    setImmediate(() => stop.abort());
    await expect(waiting).rejects.toBeInstanceOf(AbortedError);
  });
});

describe('rate', () => {
  it('does not wait without a limit, shares one among all, and saves nothing up', async () => {
    let now = 0;
    const waits = async (rate: Rate, count: number): Promise<number> => {
      const start = performance.now();
      await Promise.all(Array.from({ length: count }, () => rate.crash({})));
      return performance.now() - start;
    };
    expect(await waits(new Rate(undefined), 1000)).toBeLessThan(50);
    expect(await waits(new Rate({ per: 'byte', second: 1 }), 1000)).toBeLessThan(50);
    const rate = new Rate({ per: 'crash', second: 100 }, () => now);
    expect(await waits(rate, 30)).toBeGreaterThan(150);
    now = 3_600_000;
    expect(await waits(rate, 30)).toBeGreaterThan(150);
  });

  it('stops waiting when its signal aborts', async () => {
    const rate = new Rate({ per: 'crash', second: 0.001 });
    const stop = new AbortController();
    const waiting = Promise.all([rate.crash({ signal: stop.signal }), rate.crash({ signal: stop.signal })]);
    setImmediate(() => stop.abort());
    await expect(waiting).rejects.toBeInstanceOf(AbortedError);
  });
});

describe('in order', () => {
  it('hands on in the order of the things, with so many at once', async () => {
    let inHand = 0;
    let most = 0;
    const seen: number[] = [];
    await inOrder(
      Array.from({ length: 100 }, (_, i) => i),
      6,
      async (i) => {
        inHand += 1;
        most = Math.max(most, inHand);
        await new Promise((resolve) => setTimeout(resolve, (i * 7) % 5));
        inHand -= 1;
        return i;
      },
      async (i) => void seen.push(i),
    );
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(most).toBe(6);
  });

  it('after a failure starts nothing new, hands on what came before, and waits for those in hand', async () => {
    const started: number[] = [];
    const seen: number[] = [];
    let inHand = 0;
    const working = inOrder(
      Array.from({ length: 100 }, (_, i) => i),
      4,
      async (i) => {
        started.push(i);
        inHand += 1;
        await new Promise((resolve) => setTimeout(resolve, i === 10 ? 1 : 5));
        inHand -= 1;
        if (i === 10) throw new Error('ten');
        return i;
      },
      async (i) => void seen.push(i),
    );
    await expect(working).rejects.toThrow('ten');
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(inHand).toBe(0);
    expect(started.length).toBeLessThan(20);
  });
});
