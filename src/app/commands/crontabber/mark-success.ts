import type { CommandContext } from '../../command.ts';
import { withApp } from '../../with-app.ts';
import { namedJob, RUNS_ELSEWHERE } from './named-job.ts';

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const loop = await app.crontabber();
    const words = String(context.options['markSuccess'])
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean);
    // All of them, before the first is marked.
    const jobs = words.includes('all') ? loop.jobs : words.map((word) => namedJob(word, loop.jobs));
    let exitCode = 0;
    for (const job of jobs) {
      const period = await loop.markSuccess(job);
      if (period) context.print(`${job.name}: done until ${period.to.toISOString()}`);
      else {
        context.warn(`${job.name} runs elsewhere: wait until it ends`);
        exitCode = RUNS_ELSEWHERE;
      }
    }
    return exitCode;
  });
