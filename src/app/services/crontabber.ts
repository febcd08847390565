import type { AnyJob } from '../../crontabber/job.ts';
import { JobStore } from '../../crontabber/job-store.ts';
import { CronLoop } from '../../crontabber/loop.ts';
import { systemClock } from '../../lib/clock.ts';
import { loadModules } from '../../lib/load-folder.ts';
import type { Opening } from '../app.ts';
import { jobServices } from '../job-services.ts';

export async function open({ configuration, log, app }: Opening): Promise<CronLoop> {
  const { modules } = configuration.settings.crontabber;
  const reporter = await app.reporter();
  return new CronLoop({
    jobs: await loadModules<AnyJob>(modules, configuration.cwd, 'CRONTABBER_MODULES'),
    store: new JobStore(await app.database()),
    services: await jobServices(app, reporter),
    clock: systemClock,
    reporter,
    log,
  });
}
