/**
 * Periods: time cut into pieces that meet at boundaries, in UTC. Minutes, hours, days and weeks are counted from the
 * epoch, those of a day or longer from its HH:MM; a year begins on 1 January, however long the one before was.
 */
import { DAY_MS } from '../lib/clock.ts';
import { SettingsError } from '../lib/settings.ts';
import type { Period } from './job.ts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };

/** A day, but for the leap years: only for comparing how long things take. */
const YEAR_MS = 365 * DAY_MS;
const FREQUENCY = /^([1-9]\d{0,5})([mhdwy])$/;

interface Frequency {
  readonly count: number;
  readonly unit: string;
}

function frequencyOf(every: string): Frequency {
  const match = FREQUENCY.exec(every);
  if (!match)
    throw new SettingsError(
      `${JSON.stringify(every)} is no frequency: write a number and m, h, d, w or y, like 30m, 12h, 1d, 2w or 1y`,
    );
  return { count: Number(match[1]), unit: match[2] as string };
}

/** `30m`, `12h`, `1d`, `2w`, `1y` in milliseconds; a year has 365 days here. Throws `SettingsError`. */
export function everyMs(every: string): number {
  const { count, unit } = frequencyOf(every);
  return count * (UNIT_MS[unit] ?? YEAR_MS);
}

const TIME = /^([01]?\d|2[0-3]):([0-5]\d)$/;

/** `HH:MM` as milliseconds of the day. Throws `SettingsError`. */
export function timeOfDayMs(at: string): number {
  const match = TIME.exec(at);
  if (!match) throw new SettingsError(`${JSON.stringify(at)} is no time: write HH:MM (UTC), like 06:00`);
  return Number(match[1]) * 3_600_000 + Number(match[2]) * 60_000;
}

/** When a job runs: its frequency and, from a day up, its time. */
export interface Timing {
  readonly every: string;
  readonly at?: string | undefined;
}

/** Boundaries are numbered; each period goes from one to the next. */
export interface Schedule {
  readonly timing: Timing;
  /** The last period that ends at or before `time`. */
  lastEndingBy(time: Date): Period;
  /** The first period that ends after `time`. */
  firstEndingAfter(time: Date): Period;
}

interface Boundaries {
  at(index: number): number;
  /** The last boundary at or before `ms`. */
  lastBy(ms: number): number;
}

function evenBoundaries(length: number, offset: number): Boundaries {
  return {
    at: (index) => index * length + offset,
    lastBy: (ms) => Math.floor((ms - offset) / length),
  };
}

function yearBoundaries(count: number, offset: number): Boundaries {
  const at = (index: number): number => Date.UTC(1970 + index * count, 0, 1) + offset;
  return {
    at,
    lastBy(ms) {
      const index = Math.floor((new Date(ms).getUTCFullYear() - 1970) / count);
      return at(index) <= ms ? index : index - 1;
    },
  };
}

/** Throws `SettingsError` for a frequency or time that is none, and for HH:MM with less than a day. */
export function scheduleOf(timing: Timing): Schedule {
  const { count, unit } = frequencyOf(timing.every);
  const length = everyMs(timing.every);
  if (timing.at !== undefined && length < DAY_MS)
    throw new SettingsError(
      `${timing.every} is less than a day, so it cannot be at ${timing.at}: leave the time out, or write 1d`,
    );
  const offset = timing.at === undefined ? 0 : timeOfDayMs(timing.at);
  const boundaries = unit === 'y' ? yearBoundaries(count, offset) : evenBoundaries(length, offset);
  const ending = (index: number): Period => ({
    from: new Date(boundaries.at(index - 1)),
    to: new Date(boundaries.at(index)),
  });
  return {
    timing,
    lastEndingBy: (time) => ending(boundaries.lastBy(time.getTime())),
    firstEndingAfter: (time) => ending(boundaries.lastBy(time.getTime()) + 1),
  };
}

/** The last period that is over. */
export const lastPeriod = (every: string, now: Date, at?: string): Period =>
  scheduleOf({ every, at }).lastEndingBy(now);

/** `1d @ 06:00`, as the original writes it. */
export const timingText = ({ every, at }: Timing): string => (at === undefined ? every : `${every} @ ${at}`);
