/** What people write after options, checked before anything begins. Throws `UsageError`. */
import { parseSettings } from '../lib/settings.ts';
import type { Sample } from '../storage/transfer/ids.ts';
import type { RateLimit } from '../storage/transfer/rate.ts';
import { UsageError } from './command.ts';

const DAY_MS = 86_400_000;
const shown = (text: unknown): string => JSON.stringify(text);

/** `YYYY-MM-DD`, a real day. */
export function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  );
}

/** `YYYY-MM-DD`, a real day. */
export function dayValue(flag: string, text: unknown): string {
  const day = String(text);
  if (isDay(day)) return day;
  throw new UsageError(`${flag} is a day (UTC) like 2026-11-21, not ${shown(text)}`);
}

export function wholeValue(flag: string, text: unknown): number {
  const value = Number(text);
  if (/^\d+$/.test(String(text)) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${flag} is a whole number from 1 on, not ${shown(text)}`);
}

function quantity(flag: string, format: 'bytes' | 'duration', text: unknown, example: string): number {
  try {
    const schema = { value: { doc: flag, format, default: 0 } };
    return parseSettings<{ value: number }>(schema, { value: String(text) }).value;
  } catch (cause) {
    throw new UsageError(`${flag} is like ${example}, not ${shown(text)}`, { cause });
  }
}

/** Milliseconds. */
export const durationValue = (flag: string, text: unknown): number =>
  quantity(flag, 'duration', text, '30s, 5m, 1d');

/** `50` or `50/s` crashes a second, `20MB` or `20MB/s` bytes a second. */
export function rateValue(flag: string, text: unknown): RateLimit | undefined {
  if (text === undefined) return undefined;
  const amount = String(text).trim().replace(/\/s$/, '');
  const second = /[a-z]/i.test(amount) ? quantity(flag, 'bytes', amount, '50 or 20MB') : Number(amount);
  if (!(second > 0 && Number.isFinite(second)))
    throw new UsageError(`${flag} is crashes or bytes a second, like 50 or 20MB, not ${shown(text)}`);
  return { per: /[a-z]/i.test(amount) ? 'byte' : 'crash', second };
}

/** `5%` or a number of crashes. */
export function sampleValue(flag: string, text: unknown): Sample | undefined {
  if (text === undefined) return undefined;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(String(text))?.[1];
  if (percent === undefined) {
    if (!/^\d+$/.test(String(text)) || Number(text) < 1)
      throw new UsageError(`${flag} is like 5% or 1000 (crashes), not ${shown(text)}`);
    return { count: Number(text) };
  }
  if (Number(percent) > 0 && Number(percent) <= 100) return { percent: Number(percent) };
  throw new UsageError(`${flag}: a percentage is more than 0 and at most 100, not ${shown(text)}`);
}

/** A day, a time (ISO), or how long before `now`. `side` says whether a day means its beginning or what follows it. */
export function momentValue(flag: string, text: unknown, now: Date, side: 'start' | 'end'): Date {
  const given = String(text);
  if (/^\d{4}-\d{2}-\d{2}$/.test(given)) {
    const day = new Date(`${dayValue(flag, given)}T00:00:00Z`);
    return side === 'start' ? day : new Date(day.getTime() + DAY_MS);
  }
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+Z?$/.test(given)) {
    const time = new Date(given.endsWith('Z') ? given : `${given}Z`);
    if (!Number.isNaN(time.getTime())) return time;
  }
  try {
    // Bare, it would be milliseconds, which nobody means.
    if (!/^\d+$/.test(given)) return new Date(now.getTime() - durationValue(flag, given));
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
  }
  throw new UsageError(`${flag} is like 7d, 2026-11-21 or 2026-11-21T08:00Z, not ${shown(text)}`);
}
