import type { CommandContext } from '../../command.ts';
import { printRows } from '../../rows.ts';
import { withApp } from '../../with-app.ts';
import { timeText } from './time-words.ts';

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const plan = await (await app.crontabber()).plan();
    if (context.options['format'] !== 'text') {
      const rows = plan.map(({ job, periods, reason }) => ({
        job: job.name,
        would_run: periods !== undefined,
        from: periods?.first.from.toISOString() ?? null,
        to: periods?.last.to.toISOString() ?? null,
        periods: periods?.count ?? 0,
        reason: reason ?? null,
      }));
      printRows(context, rows);
      return 0;
    }
    for (const { job, periods, reason } of plan) {
      if (!periods) context.print(`not ${job.name}: ${reason}`);
      else {
        const { first, last, count } = periods;
        const range = `${timeText(first.from)} to ${timeText(last.to)} UTC`;
        context.print(`run ${job.name} for ${range}${count > 1 ? `, ${count} periods` : ''}`);
      }
    }
    return 0;
  });
