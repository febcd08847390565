import { FEED_JOBS, loadDefaultJobs } from '../../crontabber/default-jobs.ts';
import { lastPeriod } from '../../crontabber/period.ts';
import { systemClock } from '../../lib/clock.ts';
import { defineCommand } from '../command.ts';
import { jobServices } from '../job-services.ts';
import { withApp } from '../with-app.ts';

export default defineCommand({
  name: 'update-data',
  summary:
    'Read the feeds of releases and bugs now, and what crashes say of versions: the jobs release-feed, product-versions, featured-versions and bugs, once',
  sections: ['job', 'database'],
  examples: ['auxilio update-data'],
  run: (context) =>
    withApp(context, async (app) => {
      const services = await jobServices(app, await app.alerts());
      const jobs = await loadDefaultJobs();
      let failed = 0;
      for (const name of FEED_JOBS) {
        const job = jobs.find((one) => one.name === name);
        if (!job) throw new Error(`the job ${name} is not there`);
        const period = lastPeriod(job.every, systemClock.now());
        const signal = AbortSignal.any([context.signal, AbortSignal.timeout(job.timeoutMs)]);
        try {
          await job.run({ period, signal, log: app.log.child({ job: name }) }, services);
          context.print(`${name}: done`);
        } catch (error) {
          if (context.signal.aborted) throw error;
          failed += 1;
          context.warn(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      return failed > 0 ? 1 : 0;
    }),
});
