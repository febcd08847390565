/** Old partitions of the index go as a whole. */
import { dayOf } from '../../model/crash-id.ts';
import { can, need } from '../../storage/contract.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import { readHold } from '../legal-hold.ts';
import { dayAfter, firstKeptDay, refuseFuture } from '../retention.ts';

export default defineJob({
  name: 'cleanup-search',
  every: '1d',
  at: '03:00',
  timeoutMs: 6 * 3_600_000,
  needs: ['stores', 'database', 'settings', 'folders'],
  async run({ period, signal, log }, { stores, database, settings, folders }) {
    const keepMs = settings.cleanup_search_keep;
    if (keepMs === null) return sayIdle(log, 'cleanup-search', 'JOB_CLEANUP_SEARCH_KEEP');
    await refuseFuture(database, period, { signal });
    const store = need(await stores.search(), 'cleanup-search', 'search');
    let before = firstKeptDay(period, keepMs);
    // An index can be made again. A store that has the reports too would lose those under legal hold with their week.
    if (can(store, 'raw.read')) {
      const hold = settings.cleanup_storage_hold;
      const held = await readHold(hold === '' ? '' : folders.resolve(hold));
      const days = [...held].map((id) => dayOf(id)).filter((day) => day !== undefined);
      // The day before, too: a crash is dropped by when it was received, which the id's day may follow by a moment.
      const limit = days.map((day) => dayAfter(day, -1)).sort()[0];
      if (limit !== undefined && limit < before) {
        log.warn(
          { before: limit, wanted: before },
          'a legal hold keeps older weeks; cleanup-storage takes the rest',
        );
        before = limit;
      }
    }
    const dropped = await store.dropBefore(before, { signal });
    log.info({ before, dropped }, 'old crashes dropped from the index');
  },
});
