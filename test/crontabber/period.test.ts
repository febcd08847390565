import { describe, expect, it } from 'vitest';
import { everyMs, lastPeriod } from '../../src/crontabber/period.ts';

describe('periods', () => {
  it.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
  ] as const)('%s is %d ms', (every, ms) => {
    expect(everyMs(every)).toBe(ms);
  });

  it.each(['', '0d', '1', 'd', '1.5h', '-1d', '1y', '1d ', '5s'])('refuses %j', (every) => {
    expect(() => everyMs(every)).toThrow(/is no frequency: write 30m, 12h, 1d or 2w/);
  });

  it('is the last piece that is over, cut at UTC midnight for a day', () => {
    const { from, to } = lastPeriod('1d', new Date('2026-11-21T13:37:00Z'));
    expect([from.toISOString(), to.toISOString()]).toEqual([
      '2026-11-20T00:00:00.000Z',
      '2026-11-21T00:00:00.000Z',
    ]);
  });

  it('is over at its very end, and not a moment before', () => {
    const end = new Date('2026-11-21T12:00:00.000Z');
    expect(lastPeriod('12h', end).to).toEqual(end);
    expect(lastPeriod('12h', new Date(end.getTime() - 1)).to).toEqual(new Date('2026-11-21T00:00:00.000Z'));
  });
});
