/** The jobs of this configuration, without opening anything. */
import { loadDefaultJobs, OLD_NAMES } from '../crontabber/default-jobs.ts';
import type { AnyJob } from '../crontabber/job.ts';
import { type JobList, readJobList } from '../crontabber/job-list.ts';
import { LoadError, loadModules } from '../lib/load-folder.ts';
import type { Configuration } from './config/configuration.ts';

export async function loadJobList({ settings, cwd }: Configuration): Promise<JobList> {
  const { jobs, modules } = settings.crontabber;
  const errors: string[] = [];
  const definitions = await loadDefaultJobs();
  for (const specifier of modules) {
    try {
      definitions.push(...(await loadModules<AnyJob>([specifier], cwd, 'CRONTABBER_MODULES')));
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      errors.push(error.message);
    }
  }
  const list = readJobList(jobs, { definitions, oldNames: OLD_NAMES });
  return {
    jobs: list.jobs,
    errors: [...errors, ...list.errors.map((error) => `CRONTABBER_JOBS: ${error}`)],
  };
}
