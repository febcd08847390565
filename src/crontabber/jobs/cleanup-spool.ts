/** Reports that a store refused for good, and that nobody came for. */
import { NodeDisk } from '../../lib/disk.ts';
import { removeSetAside } from '../../spool/old-set-aside.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import { readHold } from '../legal-hold.ts';
import { refuseFuture } from '../retention.ts';

export default defineJob({
  name: 'cleanup-spool',
  every: '1d',
  at: '02:30',
  timeoutMs: 3_600_000,
  needs: ['database', 'settings', 'folders'],
  async run({ period, signal, log }, { database, settings, folders }) {
    const keepMs = settings.cleanup_spool_keep;
    if (keepMs === null) return sayIdle(log, 'cleanup-spool', 'JOB_CLEANUP_SPOOL_KEEP');
    await refuseFuture(database, period, { signal });
    const hold = settings.cleanup_storage_hold;
    const held = await readHold(hold === '' ? '' : folders.resolve(hold));
    const before = new Date(period.to.getTime() - keepMs);
    const { removed, kept, unreadable } = await removeSetAside(folders.spool, new NodeDisk(), {
      before,
      isHeld: (id) => held.has(id),
      signal,
    });
    log.info(
      { removed, kept, unreadable, before: before.toISOString() },
      'reports removed that were refused for good',
    );
  },
});
