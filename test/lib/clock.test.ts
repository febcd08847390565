import { expect, it } from 'vitest';
import { daysBefore, isoDay, systemClock } from '../../src/lib/clock.ts';

it('counts days in UTC', () => {
  const date = new Date('2026-03-01T00:30:00+02:00');
  expect(isoDay(date)).toBe('2026-02-28');
  expect(isoDay(daysBefore(date, 59))).toBe('2025-12-31');
  expect(Math.abs(systemClock.now().getTime() - Date.now())).toBeLessThan(60_000);
});
