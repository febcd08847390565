import type { CommandContext } from '../../command.ts';
import { wholeValue } from '../../command-values.ts';
import { printRows } from '../../rows.ts';
import { withApp } from '../../with-app.ts';
import { nameIn, unknownJob } from './named-job.ts';

export function run(context: CommandContext): Promise<number> {
  const limit = wholeValue('--limit', context.options['limit']);
  const written = context.options['job'];
  return withApp(context, async (app) => {
    const loop = await app.crontabber();
    const name = typeof written === 'string' ? nameIn(written, loop.jobs) : undefined;
    const known = [...loop.jobs.map((job) => job.name), ...(await loop.readStates()).keys()];
    if (name !== undefined && !known.includes(name)) unknownJob(name, known);
    const rows = (await loop.runs(name, limit)).map((one) => ({
      job: one.job,
      from: one.period.from.toISOString(),
      to: one.period.to.toISOString(),
      started: one.started.toISOString(),
      seconds: one.durationMs === undefined ? null : one.durationMs / 1000,
      outcome: one.outcome,
      host: one.host,
      error: one.error ? `${one.error.type}: ${one.error.value}` : null,
    }));
    printRows(context, rows);
    return 0;
  });
}
