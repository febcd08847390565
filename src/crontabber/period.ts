/** Periods: a job's time, cut into equal pieces that begin at the epoch, UTC. */
import { DAY_MS } from '../lib/clock.ts';
import { SettingsError } from '../lib/settings.ts';
import type { Period } from './job.ts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };

/** `30m`, `12h`, `1d`, `2w` in milliseconds. Throws `SettingsError`. */
export function everyMs(every: string): number {
  const match = /^([1-9]\d*)([mhdw])$/.exec(every);
  const unit = UNIT_MS[match?.[2] ?? ''];
  if (!match || unit === undefined)
    throw new SettingsError(`${JSON.stringify(every)} is no frequency: write 30m, 12h, 1d or 2w`);
  return Number(match[1]) * unit;
}

/** The last period that is over. */
export function lastPeriod(every: string, now: Date): Period {
  const length = everyMs(every);
  const to = Math.floor(now.getTime() / length) * length;
  return { from: new Date(to - length), to: new Date(to) };
}
