/** Which index a crash is in. */
import { describe, expect, it } from 'vitest';
import { DAY_MS, isoDay } from '../../src/lib/clock.ts';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import { pythonWeek, templateFault, WeekIndices } from '../../src/storage/elasticsearch/week-indices.ts';

/** `datetime.strptime(day, '%Y-%m-%d').strftime('%Y%W')`, Python 3.11. */
const PYTHON: readonly (readonly [day: string, week: string])[] = [
  ['2024-01-01', '202401'],
  ['2024-12-29', '202452'],
  ['2024-12-30', '202453'],
  ['2024-12-31', '202453'],
  ['2025-01-01', '202500'],
  ['2025-01-05', '202500'],
  ['2025-01-06', '202501'],
  ['2026-01-01', '202600'],
  ['2026-01-04', '202600'],
  ['2026-01-05', '202601'],
  ['2026-11-21', '202646'],
  ['2026-11-22', '202646'],
  ['2026-11-23', '202647'],
  ['2026-12-31', '202652'],
  ['2027-01-03', '202700'],
  ['2028-02-29', '202809'],
  ['2000-01-01', '200000'],
  ['2012-12-31', '201253'],
  ['2017-01-01', '201700'],
  ['2018-12-31', '201853'],
];

const socorro = new WeekIndices('socorro%Y%W');

describe('weeks', () => {
  it.each(PYTHON)('%s is in week %s, as Python has it', (day, week) => {
    expect(socorro.on(day)).toBe(`socorro${week}`);
    expect(pythonWeek(day)).toBe(Number(week.slice(4)));
  });

  it('an index knows its days: every day of 30 years lies in the week of its index and in no other', () => {
    const seen = new Map<string, string>();
    for (let time = Date.UTC(2000, 0, 1); time < Date.UTC(2030, 0, 1); time += DAY_MS) {
      const day = isoDay(new Date(time));
      const index = socorro.on(day);
      const week = socorro.weekOf(index);
      expect(week && week.first <= day && day < week.end, `${day} ${index}`).toBe(true);
      const before = isoDay(new Date(time - DAY_MS));
      if (seen.get(index) === undefined) expect(week?.first).toBe(day);
      else expect(seen.get(index)).toBe(before);
      seen.set(index, day);
    }
    for (const [index, last] of seen)
      expect(socorro.weekOf(index)?.end).toBe(isoDay(new Date(Date.parse(last) + DAY_MS)));
    expect(seen.size).toBeGreaterThan(30 * 52);
  });

  it('goes by the day in the crash id, whatever else', () => {
    expect(socorro.of(createCrashId(new Date('2026-11-22T23:59:59.999Z')))).toBe('socorro202646');
    expect(socorro.of(createCrashId(new Date('2026-11-23T00:00:00Z')))).toBe('socorro202647');
    // The digits of old ids need not be a date.
    expect(socorro.of('00000000-0000-0000-0000-000000269999' as CrashId)).toBe('socorro202600');
  });

  it('does not take other indices for its own', () => {
    for (const name of [
      'socorro202654',
      'socorro202460',
      'socorro202646x',
      'xsocorro202646',
      'socorro199946',
      'socorro2026',
    ])
      expect(socorro.weekOf(name), name).toBeUndefined();
    expect(new WeekIndices('a.b-%Y%W').weekOf('axb-202646')).toBeUndefined();
  });

  it('two stores whose names begin alike have patterns that do not overlap', () => {
    expect(socorro.pattern).toBe('socorro20*');
    expect(new WeekIndices('socorro-stage%Y%W').pattern).toBe('socorro-stage20*');
    expect(new WeekIndices('crash-%Y-week-%W').pattern).toBe('crash-20*-week-*');
    expect(new WeekIndices('crash-%Y-week-%W').weekOf('crash-2026-week-46')).toEqual({
      first: '2026-11-16',
      end: '2026-11-23',
    });
  });

  it.each([
    ['socorro%Y%W', undefined],
    ['a.b_c-9%Y%W', undefined],
    ['socorro', /%Y/],
    ['socorro%Y', /%W/],
    ['socorro%W%Y', /this order/],
    ['socorro%Y%W%W', /once/],
    ['socorro%Y%m%W', /no other/],
    ['socorro%Y%V', /%W/],
    ['%Y%W', /begins with a letter/],
    ['9%Y%W', /begins with a letter/],
    ['Socorro%Y%W', /lower-case/],
    ['so corro%Y%W', /lower-case/],
    ['so*%Y%W', /lower-case/],
    [`${'x'.repeat(250)}%Y%W`, /too long/],
  ])('%s: %s', (template, fault) => {
    if (fault === undefined) expect(templateFault(template)).toBeUndefined();
    else expect(templateFault(template)).toMatch(fault);
  });
});
