/** One job by hand: for its last complete period, or for every period of a range. */

import type { HandRun } from '../../../crontabber/by-hand.ts';
import type { Period } from '../../../crontabber/job.ts';
import { systemClock } from '../../../lib/clock.ts';
import { type CommandContext, UsageError } from '../../command.ts';
import { counted } from '../../rows.ts';
import { withApp } from '../../with-app.ts';
import { namedJob, RUNS_ELSEWHERE } from './named-job.ts';
import { periodProgress } from './period-progress.ts';
import { timeText } from './time-words.ts';

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z)?$/;

/** A day, or a time that says that it is UTC. */
export function timeValue(flag: string, text: unknown): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(String(text));
  const isReal = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(String(text).slice(0, 10));
  if (ISO.test(String(text)) && isReal) return time;
  throw new UsageError(
    `${flag} is a day or a time (UTC) like 2026-11-21 or 2026-11-21T06:00Z, not ${JSON.stringify(text)}`,
  );
}

function rangeOf({ options }: CommandContext): { readonly from: Date; readonly to: Date } | undefined {
  const [from, to] = [timeValue('--from', options['from']), timeValue('--to', options['to'])];
  if (!from && !to) return undefined;
  if (!from) throw new UsageError('--to needs --from');
  const now = systemClock.now();
  if (to && to > now) throw new UsageError('--to is in the future: a period that is not over cannot be run');
  if (from >= (to ?? now)) throw new UsageError('--from is before --to');
  return { from, to: to ?? now };
}

const periodText = ({ from, to }: Period): string => `${timeText(from)} to ${timeText(to)} UTC`;

function report(
  context: CommandContext,
  name: string,
  { done, ended, error, reason, total }: HandRun,
): number {
  if (ended === 'busy') {
    context.warn(`${name} runs elsewhere: nothing was done`);
    return RUNS_ELSEWHERE;
  }
  if (ended === 'blocked') {
    context.warn(`${name} was not run: ${reason}; --force runs it all the same`);
    return 1;
  }
  const [first, last] = [done[0], done.at(-1)];
  if (first && last)
    context.print(
      `${name}: done for ${periodText({ from: first.from, to: last.to })} (${counted(done.length, 'period')})`,
    );
  if (ended === 'done') return 0;
  const what = error ? `${error.type}: ${error.value}` : 'another process took it over';
  context.warn(
    `${name} failed: ${what}${total > 1 ? `; ${counted(total - done.length, 'period')} of ${total} left` : ''}`,
  );
  return 1;
}

export function run(context: CommandContext): Promise<number> {
  const range = rangeOf(context);
  return withApp(context, async (app) => {
    const loop = await app.crontabber();
    const job = namedJob(String(context.options['job']), loop.jobs);
    const progress = periodProgress(job.name);
    try {
      const result = await loop.runByHand(job, {
        range,
        force: context.options['force'] === true,
        signal: context.signal,
        onPeriod: range ? progress.period : undefined,
      });
      progress.end();
      if (range && result.total === 0)
        throw new UsageError(`no period of ${job.name} begins and ends between --from and --to`);
      return report(context, job.name, result);
    } finally {
      progress.end();
    }
  });
}
