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

/** Without the raw crash the processor's own findings tell. */
function missingIn(processed: ProcessedCrash, name: string): boolean {
  if (name === 'CrashTime') return String(processed['processor_notes']).includes('missing CrashTime');
  return name === 'StartupTime' && typeof processed['startup_time'] !== 'number';
}

/** By name of the field: the annotation that is missing. */
export function unsentFields(
  processed: ProcessedCrash,
  raw: RawCrash | undefined,
): ReadonlyMap<string, string> {
  const missing = (names: readonly string[]): boolean =>
    raw ? names.every((name) => !Object.hasOwn(raw.annotations, name)) : missingIn(processed, names[0] ?? '');
  const unsent = new Map<string, string>();
  for (const [field, parts] of Object.entries(MADE_OF)) {
    const lost = parts.find(missing);
    if (lost) unsent.set(field, lost[0] ?? '');
  }
  return unsent;
}
