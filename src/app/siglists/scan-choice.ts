/** What `siglists preview` and `apply` have in common: which store is scanned, and for what period. */
import { systemClock } from '../../lib/clock.ts';
import type { CallOptions } from '../../model/report.ts';
import type { ScanPeriod } from '../../processor/resign/rescan.ts';
import { FIELDS } from '../../search/field-list.ts';
import { type CrashStorage, can, need } from '../../storage/contract.ts';
import type { App } from '../app.ts';
import { type CommandContext, type CommandOption, UsageError } from '../command.ts';
import { momentValue } from '../command-values.ts';

export const scanOptions: readonly CommandOption[] = [
  { flags: '--since <when>', doc: 'a day (UTC), a time, or how long ago: 2026-11-14, 7d' },
  { flags: '--until <when>', doc: 'the same; a day is included; default is now' },
  { flags: '--store <expression>', doc: 'the store to scan; default is what the web site searches' },
];

/** Throws `UsageError`. */
export function scanPeriod({ options }: Pick<CommandContext, 'options'>): ScanPeriod {
  const { since, until } = options;
  if (since === undefined) throw new UsageError('--since is missing: how far back, like --since 7d');
  const now = systemClock.now();
  const from = momentValue('--since', since, now, 'start');
  const to = until === undefined ? now : momentValue('--until', until, now, 'end');
  if (to <= from)
    throw new UsageError(`--until ${String(until ?? 'now')} is not after --since ${String(since)}`);
  return { from, to };
}

export interface ScanTarget {
  readonly expression: string;
  readonly store: CrashStorage<'scan'>;
}

/** Rejects with what the store lacks when it cannot be scanned. */
export async function scanTarget({ options }: CommandContext, app: App): Promise<ScanTarget> {
  const { store: given } = options;
  const [expression, label] =
    typeof given === 'string' ? [given, '--store'] : [app.configuration.settings.web.search, 'WEB_SEARCH'];
  const store = need(await (await app.stores()).get(expression, label), label, 'scan');
  // A store that nobody has processed to yet has no columns to scan.
  if (can(store, 'search')) await store.applyFields(FIELDS);
  return { expression, store };
}

/** Crashes of the period; 0 when the store cannot count them. */
export async function countCrashes(
  { store }: ScanTarget,
  period: ScanPeriod,
  options: CallOptions,
): Promise<number> {
  if (!can(store, 'search')) return 0;
  const { total } = await store.search({ ...period, filters: [], columns: [], limit: 0 }, options);
  return total.count;
}
