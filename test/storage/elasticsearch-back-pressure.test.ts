/** Bulk requests that a server has no room for, and some that it will never have. The server is a function here. */
import { describe, expect, it, vi } from 'vitest';
import { Answered, FULL, OK, settle, writerWith } from './elasticsearch-bulk-requests.ts';

describe('back-pressure', () => {
  it('429 for one item: it is sent again after a pause that grows, the others are done', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith({ retries: 3 });
    const write = writer.write(['a']);
    const times: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const from = Date.now();
      sent[i]?.answer([FULL]);
      await settle();
      while (sent.length === i + 1) await vi.advanceTimersByTimeAsync(1);
      times.push(Date.now() - from);
    }
    // Half of the pause, and half of the other half: random is 0.5.
    expect(times.map((ms) => Math.round(ms / 5) * 5)).toEqual([75, 150, 300]);
    sent[3]?.answer();
    expect(await write).toEqual(OK);
  });

  it('everybody waits while the server has no room', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith({ requests: 4 });
    const write = writer.write(['a']);
    sent[0]?.answer([FULL]);
    await settle();
    const other = writer.write(['b']);
    await vi.advanceTimersByTimeAsync(70);
    expect(sent.length).toBe(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(sent[1]?.lines).toEqual(['a', 'b']);
    sent[1]?.answer();
    await Promise.all([write, other]);
  });

  it('bounded: in the end the caller hears of it; an abort ends it earlier', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith({ retries: 2 });
    const write = writer.write(['a']);
    for (let i = 0; i < 3; i += 1) {
      sent[i]?.answer([FULL]);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(await write).toEqual(FULL);
    expect(sent.length).toBe(3);
    const stop = new AbortController();
    const gone = expect(writer.write(['b'], { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    sent[3]?.answer([FULL]);
    await settle();
    stop.abort();
    await gone;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.length).toBe(4);
  });

  it('429 for the whole request is 429 for each item', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith();
    const write = writer.write(['a']);
    sent[0]?.fail(new Answered(FULL));
    await vi.advanceTimersByTimeAsync(100);
    sent[1]?.answer();
    expect(await write).toEqual(OK);
  });

  it('no pause is longer than 5 s', async () => {
    vi.useFakeTimers();
    const { writer, sent } = writerWith({ retries: 12 }, { random: () => 0.999 });
    const write = writer.write(['a']);
    for (let i = 0; i < 12; i += 1) {
      sent[i]?.answer([FULL]);
      await vi.advanceTimersByTimeAsync(5001);
      expect(sent.length).toBe(i + 2);
    }
    sent[12]?.answer();
    expect(await write).toEqual(OK);
  });
});

describe('too large', () => {
  it('413: halves, until each goes through; the one that does not hears of it alone', async () => {
    const sizes: number[] = [];
    const { writer } = writerWith(
      { items: 100, waitMs: 0 },
      {
        send: async (lines) => {
          sizes.push(lines.length);
          if (lines.length > 2 || lines.includes('big')) throw new Answered({ status: 413 });
          return lines.map(() => OK);
        },
      },
    );
    const lines = ['a', 'b', 'c', 'd', 'big', 'e', 'f'];
    const outcomes = await Promise.all(lines.map((line) => writer.write([line])));
    expect(outcomes.map(({ status }) => status)).toEqual([201, 201, 201, 201, 413, 201, 201]);
    expect(Math.max(...sizes)).toBeGreaterThan(2);
  });
});
