/** Known holes in the packages that this installation runs. Each is told once. */
import { advisoriesFor } from '../dependencies/advisories.ts';
import { installedPackages } from '../dependencies/installed-packages.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import { AlertMarks } from '../tables/alert-marks.ts';

export default defineJob({
  name: 'dependency-check',
  every: '1d',
  at: '07:00',
  timeoutMs: 900_000,
  needs: ['database', 'settings', 'folders', 'alerts'],
  async run({ period, signal, log }, { database, settings, folders, alerts }) {
    const url = settings.dependency_check_url;
    if (url === '') return sayIdle(log, 'dependency-check', 'JOB_DEPENDENCY_CHECK_URL');
    const packages = await installedPackages(folders.package);
    const found = await advisoriesFor(packages, url, { signal });
    const marks = new AlertMarks(database, 'dependency-check');
    const told = await marks.list({ signal });
    const now = new Set(found.map(({ name, version, id }) => `${name}@${version} ${id}`));
    for (const subject of now) {
      if (told.has(subject)) continue;
      alerts.send({ job: 'dependency-check', text: `an installed package has a known hole: ${subject}` });
      await marks.set(subject, period.to.toISOString(), { signal });
    }
    for (const subject of told) if (!now.has(subject)) await marks.clear(subject, { signal });
    log.info({ packages: packages.length, advisories: now.size }, 'packages checked');
  },
});
