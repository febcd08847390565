/** Checks the list of jobs and their settings, and opens nothing. */
import { checkJobSettings } from '../../../crontabber/check-job-settings.ts';
import { checkCrontabberSettings } from '../../../crontabber/settings.ts';
import { SettingsError } from '../../../lib/settings.ts';
import type { CommandContext } from '../../command.ts';
import { loadJobList } from '../../scheduled-jobs.ts';

export async function run(context: CommandContext): Promise<number> {
  const configuration = await context.configuration();
  const errors = [...(await loadJobList(configuration)).errors];
  const { crontabber, job } = configuration.settings;
  for (const check of [() => checkCrontabberSettings(crontabber), () => checkJobSettings(job)]) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      errors.push(error.message);
    }
  }
  for (const error of errors) context.warn(error);
  return errors.length === 0 ? 0 : 1;
}
