/** Crashes that are older than their retention leave every store, unless they are under legal hold. */
import { daysBefore, isoDay } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { type CrashStorage, can, type Store } from '../../storage/contract.ts';
import { StorageError } from '../../storage/errors.ts';
import { StorageCleaner } from '../cleanup/storage-cleaner.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import type { JobStores } from '../job-services.ts';
import { readHold } from '../legal-hold.ts';
import { firstKeptDay, refuseFuture } from '../retention.ts';
import { CleanupMarks } from '../tables/cleanup-marks.ts';

const DAY_MS = 86_400_000;

/** Those that are named, or all leaves. One that cannot remove is no failure only when nobody named it. */
async function chooseStores(
  stores: JobStores,
  named: readonly string[],
  log: Log,
): Promise<readonly CrashStorage<'remove'>[]> {
  const setting = 'JOB_CLEANUP_STORAGE_STORES';
  const names = named.length > 0 ? named : (await stores.targets()).map(({ name }) => name);
  const chosen: CrashStorage<'remove'>[] = [];
  for (const name of names) {
    const store: Store = await stores.open(name, setting);
    if (can(store, 'remove')) chosen.push(store);
    else if (named.length > 0)
      throw new StorageError('unsupported', name, `${setting} names it, and it cannot remove`);
    else log.warn({ store: name }, 'cannot remove, and keeps what it has');
  }
  return chosen;
}

export default defineJob({
  name: 'cleanup-storage',
  every: '1d',
  at: '03:30',
  timeoutMs: 20 * 3_600_000,
  needs: ['stores', 'database', 'settings', 'folders'],
  async run({ period, signal, log }, { stores, database, settings, folders }) {
    const keepMs = settings.cleanup_storage_keep;
    if (keepMs === null) return sayIdle(log, 'cleanup-storage', 'JOB_CLEANUP_STORAGE_KEEP');
    await refuseFuture(database, period, { signal });
    const hold = settings.cleanup_storage_hold;
    const held = await readHold(hold === '' ? '' : folders.resolve(hold));
    const chosen = await chooseStores(stores, settings.cleanup_storage_stores, log);
    const scope = chosen.map(({ name }) => name).sort();
    const cleaner = new StorageCleaner({
      stores: chosen,
      held,
      lookAgainDays: Math.ceil(settings.cleanup_storage_look_again / DAY_MS),
      marks: new CleanupMarks(database, scope.join(' ')),
      log,
    });
    if (!cleaner.canList)
      throw new StorageError('unsupported', scope.join(', '), 'none of them can list crashes by day');
    const firstKept = firstKeptDay(period, keepMs);
    const lookBackDays = Math.ceil(settings.cleanup_storage_look_back / DAY_MS);
    const earliest = isoDay(daysBefore(new Date(`${firstKept}T00:00:00Z`), lookBackDays));
    const cleaned = await cleaner.clean(firstKept, { earliest, signal });
    log.info({ ...cleaned, before: firstKept, stores: scope }, 'old crashes removed');
    if (cleaned.failed > 0)
      throw new StorageError(
        'internal',
        scope.join(', '),
        `${cleaned.failed} old crashes could not be removed; the log names the first of them`,
      );
  },
});
