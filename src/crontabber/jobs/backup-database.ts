/** A copy of the database, made while it is written, and a week of them kept. `auxilio db restore` brings one back. */
import { Generations } from '../backup/generations.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';

export default defineJob({
  name: 'backup-database',
  every: '1d',
  at: '01:30',
  timeoutMs: 8 * 3_600_000,
  needs: ['settings', 'folders', 'copier'],
  async run({ period, signal, log }, { settings, folders, copier }) {
    const keep = settings.backup_database_generations;
    if (keep === 0) return sayIdle(log, 'backup-database', 'JOB_BACKUP_DATABASE_GENERATIONS');
    const reason = await copier.cannot();
    if (reason !== undefined)
      return log.warn({ database: copier.label, reason }, 'the database is not copied');
    const generations = new Generations(folders.backups, copier);
    const { path, bytes } = await generations.make(period.to, { signal });
    const removed = await generations.prune(keep);
    log.info({ path, bytes, removed: removed.length }, 'database copied');
  },
});
