import type { Crontabber } from '../../crontabber/crontabber.ts';
import { FEED_JOBS } from '../../crontabber/default-jobs.ts';
import type { ScheduledJob } from '../../crontabber/job-list.ts';
import { defineCommand } from '../command.ts';
import { withApp } from '../with-app.ts';

/** What went wrong, in words; undefined when nothing did. */
async function runNow(
  crontabber: Crontabber,
  job: ScheduledJob,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A feed that fails is no reason to leave the others as they are.
  const { ended, error } = await crontabber.runByHand(job, { force: true, signal });
  if (ended === 'busy') return 'another process runs it now';
  return ended === 'done' ? undefined : `${error ? `${error.type}: ${error.value}` : `the run was ${ended}`}`;
}

export default defineCommand({
  name: 'update-data',
  summary:
    'Read the feeds of releases and bugs now, and what crashes say of versions: the jobs release-feed, product-versions, featured-versions and bugs, once each, recorded as the crontabber does it',
  sections: ['job', 'crontabber', 'database'],
  examples: ['auxilio update-data'],
  run: (context) =>
    withApp(context, async (app) => {
      const crontabber = await app.crontabber();
      let failed = 0;
      for (const name of FEED_JOBS) {
        const job = crontabber.jobs.find((one) => one.name === name);
        if (!job) {
          context.print(`${name}: left out by CRONTABBER_JOBS`);
          continue;
        }
        const failure = await runNow(crontabber, job, context.signal);
        if (failure === undefined) context.print(`${name}: done`);
        else context.warn(`${name}: ${failure}`);
        failed += failure === undefined ? 0 : 1;
      }
      return failed > 0 ? 1 : 0;
    }),
});
