/** When it was received, crashed, started and installed; ages in seconds. */
import type { RawCrash } from '../../model/report.ts';
import { annotation, wholeNumber } from '../annotations.ts';
import { defineRule, type Patch } from '../rule.ts';

/** Seconds since 1970 have ten digits; clients that send milliseconds are cut to them, as Socorro does. */
const SECONDS_DIGITS = 10;
const LARGEST_AGE = 2 ** 63 - 1;

type Note = (text: string) => void;

const epoch = (iso: string): number => Math.floor(Date.parse(iso) / 1000);

function crashTime(raw: RawCrash, received: number, note: Note): number {
  const text = annotation(raw, 'CrashTime', 'timestamp');
  if (text === undefined) {
    note('WARNING: raw_crash missing CrashTime');
    return received;
  }
  const time = wholeNumber(text.trim().slice(0, SECONDS_DIGITS));
  if (time === undefined) note('non-integer value of "CrashTime"');
  return time ?? 0;
}

function installTime(raw: RawCrash, fallback: number, note: Note): number {
  const text = annotation(raw, 'InstallTime');
  if (text === undefined) return fallback;
  const time = wholeNumber(text);
  if (time === undefined) note('non-integer value of "InstallTime"');
  return time ?? 0;
}

function lastCrash(raw: RawCrash, note: Note): number | null {
  const text = annotation(raw, 'SecondsSinceLastCrash');
  if (text === undefined) return null;
  const seconds = wholeNumber(text);
  if (seconds !== undefined && seconds <= LARGEST_AGE) return seconds;
  note('non-integer value of "SecondsSinceLastCrash"');
  return null;
}

/** Null when the seconds are no date that JavaScript has. */
function isoOf(seconds: number): string | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

export default defineRule({
  name: 'dates-and-times',
  after: ['copy-annotations'],
  run({ raw, processed, note }): Patch {
    const received = epoch(raw.receivedAt);
    const crashed = crashTime(raw, received, note);
    if (crashed === received) note('client_crash_date is unknown');
    const startup = typeof processed['startup_time'] === 'number' ? processed['startup_time'] : crashed;
    return {
      submitted_timestamp: raw.receivedAt,
      date_processed: raw.receivedAt,
      client_crash_date: isoOf(crashed),
      install_age: crashed - installTime(raw, startup, note),
      uptime: Math.max(0, crashed - startup),
      last_crash: lastCrash(raw, note),
    };
  },
});
