/**
 * Fields that always have a value, as Socorro's have, whether or not the client sent what they are made of: a crash
 * without CrashTime crashed when it was received, one without StartupTime ran for 0 s. Searches use those values;
 * the page of the crash says that nobody sent them. Test: test/web/report-missing.test.ts.
 */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';

/** Annotations by the field that is made of all of them; each under any of its names. */
const MADE_OF: Readonly<Record<string, readonly (readonly string[])[]>> = {
  client_crash_date: [['CrashTime', 'timestamp']],
  uptime: [['CrashTime', 'timestamp'], ['StartupTime']],
  install_age: [['CrashTime', 'timestamp'], ['InstallTime']],
};

export interface Unsent {
  readonly annotation: string;
  readonly state: 'not sent' | 'not a time';
}

/** Clients that send milliseconds are cut to seconds by the processor. */
const isTime = (text: string): boolean => /^[+-]?\d+$/.test(text.replaceAll('\0', '').trim().slice(0, 10));

/** Without the raw crash the processor's own findings tell. */
function isMissing(processed: ProcessedCrash, name: string): boolean {
  if (name === 'CrashTime') return String(processed['processor_notes']).includes('missing CrashTime');
  return name === 'StartupTime' && typeof processed['startup_time'] !== 'number';
}

function lookAt(
  names: readonly string[],
  processed: ProcessedCrash,
  raw: RawCrash | undefined,
): Unsent | undefined {
  const [annotation = ''] = names;
  if (!raw) return isMissing(processed, annotation) ? { annotation, state: 'not sent' } : undefined;
  const sent = names.find((name) => Object.hasOwn(raw.annotations, name));
  if (sent === undefined) return { annotation, state: 'not sent' };
  return isTime(raw.annotations[sent] ?? '') ? undefined : { annotation: sent, state: 'not a time' };
}

/** By name of the field: what its value was not made of. */
export function unsentFields(
  processed: ProcessedCrash,
  raw: RawCrash | undefined,
): ReadonlyMap<string, Unsent> {
  const unsent = new Map<string, Unsent>();
  for (const [field, parts] of Object.entries(MADE_OF)) {
    for (const names of parts) {
      const found = unsent.has(field) ? undefined : lookAt(names, processed, raw);
      if (found) unsent.set(field, found);
    }
  }
  return unsent;
}
