/** Periods against a table: HH:MM, ends of months and years, leap years, clocks of other zones. */
import { describe, expect, it } from 'vitest';
import { everyMs, lastPeriod, scheduleOf, timeOfDayMs } from '../../src/crontabber/period.ts';

const DAY_MS = 86_400_000;
const at = (text: string): Date => new Date(`${text}Z`);
const short = (time: Date): string => time.toISOString().slice(0, 16);

describe('frequencies', () => {
  it.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['1d', DAY_MS],
    ['2w', 14 * DAY_MS],
    ['1y', 365 * DAY_MS],
  ])('%s', (every, ms) => expect(everyMs(every)).toBe(ms));

  it.each(['', '0d', '1', 'd', '1.5h', '-1d', '1q', '1d ', '5s', '9999999d'])('refuses %j', (every) =>
    expect(() => everyMs(every)).toThrow(/is no frequency: write a number and m, h, d, w or y/),
  );

  it.each([
    ['06:00', 21_600_000],
    ['6:00', 21_600_000],
    ['23:59', 86_340_000],
    ['00:00', 0],
  ])('%s', (text, ms) => expect(timeOfDayMs(text)).toBe(ms));

  it.each(['24:00', '12:60', '6', '06:0', '6:00 pm', '', '06.00'])('refuses the time %j', (text) =>
    expect(() => timeOfDayMs(text)).toThrow(/is no time: write HH:MM \(UTC\)/),
  );

  it('has a time only from a day up', () => {
    expect(() => scheduleOf({ every: '23h', at: '06:00' })).toThrow(/23h is less than a day/);
    expect(() => scheduleOf({ every: '24h', at: '06:00' })).not.toThrow();
  });
});

// every, at, now, the last complete period
const CASES: readonly (readonly [string, string | undefined, string, string, string])[] = [
  ['30m', undefined, '2026-11-21T06:29:59', '2026-11-21T05:30', '2026-11-21T06:00'],
  ['30m', undefined, '2026-11-21T06:30:00', '2026-11-21T06:00', '2026-11-21T06:30'],
  ['12h', undefined, '2026-11-21T11:59:59', '2026-11-20T12:00', '2026-11-21T00:00'],
  ['1d', undefined, '2026-11-21T00:00:00', '2026-11-20T00:00', '2026-11-21T00:00'],
  ['1d', '06:00', '2026-11-21T05:59:59', '2026-11-19T06:00', '2026-11-20T06:00'],
  ['1d', '06:00', '2026-11-21T06:00:00', '2026-11-20T06:00', '2026-11-21T06:00'],
  ['1d', '23:59', '2026-12-31T23:58:00', '2026-12-29T23:59', '2026-12-30T23:59'],
  ['1d', '23:59', '2026-12-31T23:59:00', '2026-12-30T23:59', '2026-12-31T23:59'],
  ['1d', '00:00', '2027-01-01T00:00:00', '2026-12-31T00:00', '2027-01-01T00:00'],
  ['1d', '06:00', '2026-03-01T07:00:00', '2026-02-28T06:00', '2026-03-01T06:00'],
  ['1d', '06:00', '2028-03-01T07:00:00', '2028-02-29T06:00', '2028-03-01T06:00'],
  // Weeks are counted from the epoch, which was a Thursday.
  ['1w', undefined, '2026-11-21T12:00:00', '2026-11-12T00:00', '2026-11-19T00:00'],
  ['7d', '06:00', '2026-11-19T05:59:00', '2026-11-05T06:00', '2026-11-12T06:00'],
  ['2w', '06:00', '2026-11-19T06:00:00', '2026-11-05T06:00', '2026-11-19T06:00'],
  ['1y', undefined, '2026-11-21T00:00:00', '2025-01-01T00:00', '2026-01-01T00:00'],
  ['1y', '06:00', '2027-01-01T05:59:59', '2025-01-01T06:00', '2026-01-01T06:00'],
  ['1y', '06:00', '2027-01-01T06:00:00', '2026-01-01T06:00', '2027-01-01T06:00'],
  ['1y', undefined, '2029-01-01T00:00:00', '2028-01-01T00:00', '2029-01-01T00:00'],
  ['2y', undefined, '2027-06-01T00:00:00', '2024-01-01T00:00', '2026-01-01T00:00'],
  // The nights in which clocks are changed, in Europe and in America.
  ['1d', '01:30', '2026-03-29T01:30:00', '2026-03-28T01:30', '2026-03-29T01:30'],
  ['1d', '01:30', '2026-10-25T01:30:00', '2026-10-24T01:30', '2026-10-25T01:30'],
  ['1h', undefined, '2026-10-25T02:00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
  ['1d', '02:30', '2026-11-01T06:30:00', '2026-10-31T02:30', '2026-11-01T02:30'],
  // Before the epoch, for a clock that was never set.
  ['1d', '06:00', '1970-01-01T00:00:00', '1969-12-30T06:00', '1969-12-31T06:00'],
];

describe.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Kiritimati'])(
  'the last period, in %s',
  (zone) => {
    it.each(CASES)('%s at %s, asked at %s: %s to %s', (every, time, now, from, to) => {
      const before = process.env['TZ'];
      process.env['TZ'] = zone;
      try {
        const period = lastPeriod(every, at(now), time);
        expect([short(period.from), short(period.to)]).toEqual([from, to]);
        const schedule = scheduleOf({ every, at: time });
        const next = schedule.firstEndingAfter(period.to);
        expect(next.from).toEqual(period.to);
        expect(next.to.getTime()).toBeGreaterThan(at(now).getTime());
        expect(schedule.lastEndingBy(new Date(period.to.getTime() - 1)).to).toEqual(period.from);
      } finally {
        if (before === undefined) delete process.env['TZ'];
        else process.env['TZ'] = before;
      }
    });
  },
);
