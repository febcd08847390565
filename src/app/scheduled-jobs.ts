/** The jobs of this configuration, without opening anything. */
import { knownDefaultJobs, OLD_NAMES } from '../crontabber/default-jobs.ts';
import type { AnyJob } from '../crontabber/job.ts';
import { type JobList, readJobList } from '../crontabber/job-list.ts';
import { LoadError, loadModules } from '../lib/load-folder.ts';
import type { Configuration } from './config/configuration.ts';

export async function loadJobList({ settings, cwd }: Configuration): Promise<JobList> {
  const { jobs, modules } = settings.crontabber;
  const errors: string[] = [];
  const known = await knownDefaultJobs();
  for (const specifier of modules) {
    try {
      const found = await loadModules<AnyJob>([specifier], cwd, 'CRONTABBER_MODULES');
      known.push(...found.map((definition) => ({ definition, source: specifier })));
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      errors.push(error.message);
    }
  }
  const list = readJobList(jobs, { known, oldNames: OLD_NAMES });
  return {
    jobs: list.jobs,
    errors: [...errors, ...list.errors.map((error) => `CRONTABBER_JOBS: ${error}`)],
  };
}
