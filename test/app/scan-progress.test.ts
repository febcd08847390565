import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { momentValue } from '../../src/app/command-values.ts';
import { scanProgress } from '../../src/app/siglists/scan-progress.ts';

function stream(isTTY: boolean) {
  const written: string[] = [];
  const out = new PassThrough();
  out.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const terminal = { isTTY, columns: 200, rows: 40, cursorTo: () => true, clearLine: () => true };
  return {
    out: Object.assign(out, terminal) as unknown as NodeJS.WriteStream,
    text: () => stripVTControlCharacters(written.join('')),
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('progress of a scan', () => {
  it('is a bar on a terminal, taken away at the end', () => {
    const { out, text } = stream(true);
    const progress = scanProgress(1000, out);
    expect(text()).toBe('');
    for (let done = 1; done <= 500; done += 1) progress.at(done, 7);
    progress.end();
    progress.end();
    expect(text()).toMatch(/\[.*\] \d+\/1000 crashes, \d+\/s, 7 change, .* left/);
  });

  it('counts on when there are more than were counted before', () => {
    const { out, text } = stream(true);
    const progress = scanProgress(0, out);
    for (let done = 1; done <= 750; done += 1) progress.at(done, 0);
    progress.end();
    expect(text()).toContain('/750 crashes');
  });

  it('is a line now and then elsewhere, and none when it is soon over', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { out, text } = stream(false);
    const progress = scanProgress(1000, out);
    progress.at(250, 1);
    expect(text()).toBe('');
    vi.advanceTimersByTime(31_000);
    progress.at(500, 3);
    progress.end();
    expect(text()).toBe('500 of 1000 crashes, 3 change\n');
  });
});

describe('a moment', () => {
  const now = new Date('2026-11-21T10:00:00Z');
  it.each([
    ['7d', 'start', '2026-11-14T10:00:00.000Z'],
    ['90m', 'end', '2026-11-21T08:30:00.000Z'],
    ['2026-11-20', 'start', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20', 'end', '2026-11-21T00:00:00.000Z'],
    ['2026-11-20T08:15', 'end', '2026-11-20T08:15:00.000Z'],
    ['2026-11-20T08:15:30.250Z', 'start', '2026-11-20T08:15:30.250Z'],
  ] as const)('%s (%s)', (text, side, wanted) => {
    expect(momentValue('--since', text, now, side).toISOString()).toBe(wanted);
  });

  it.each(['', 'yesterday', '2026-02-30', '2026-11-20T25:00', '7', '-7d', '1e9d'])('%j is none', (text) => {
    expect(() => momentValue('--since', text, now, 'start')).toThrow(/^--since is /);
  });
});
