import { type CommandContext, UsageError } from '../../command.ts';
import { withApp } from '../../with-app.ts';
import { nameIn, RUNS_ELSEWHERE, unknownJob } from './named-job.ts';

/** Jobs that are not configured any more are forgotten so too. */
export function run(context: CommandContext): Promise<number> {
  const { resetJob, reset } = context.options;
  if (resetJob !== undefined && reset !== undefined)
    throw new UsageError('--reset is --reset-job: give one of them');
  return withApp(context, async (app) => {
    const loop = await app.crontabber();
    const name = nameIn(String(resetJob ?? reset), loop.jobs);
    const states = await loop.readStates();
    const known = [...loop.jobs.map((job) => job.name), ...states.keys()];
    if (!known.includes(name)) unknownJob(name, known);
    const idle = await loop.forget(name);
    if (!idle) {
      context.warn(`${name} runs elsewhere: wait until it ends`);
      return RUNS_ELSEWHERE;
    }
    if (idle.result) context.print(`${name}: reset`);
    else context.warn(`${name}: already reset`);
    return 0;
  });
}
