/** One line for a Nagios check. */
import type { Standing } from '../../../crontabber/standing.ts';
import type { CommandContext } from '../../command.ts';
import { printRows } from '../../rows.ts';
import { withApp } from '../../with-app.ts';

interface Finding {
  readonly level: 'CRITICAL' | 'WARNING';
  readonly text: string;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '/');

/** A job that catches up by itself has one failure free. The original knows no late jobs: a dead crontabber was all well. */
function findingOf({ job, state, isFailed, isLate }: Standing): Finding | undefined {
  const error = state?.lastError;
  if (isFailed && error) {
    const level = job.definition.backfill === true && state.errorCount === 1 ? 'WARNING' : 'CRITICAL';
    return { level, text: `${job.name} (${job.source}) | ${error.type} | ${oneLine(error.value)}` };
  }
  const until = state?.doneUntil ? `done until ${state.doneUntil.toISOString()}` : 'never done';
  return isLate ? { level: 'CRITICAL', text: `${job.name} (${job.source}) | late | ${until}` } : undefined;
}

export function nagiosOf(standings: readonly Standing[]): {
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
} {
  const findings = standings.flatMap((standing) => findingOf(standing) ?? []);
  const texts = (level: Finding['level']): string =>
    findings
      .filter((finding) => finding.level === level)
      .map(({ text }) => text)
      .join('; ');
  const [critical, warning] = [texts('CRITICAL'), texts('WARNING')];
  if (critical) return { text: `CRITICAL - ${critical}`, exitCode: 2 };
  if (warning) return { text: `WARNING - ${warning}`, exitCode: 1 };
  return { text: 'OK - All systems nominal', exitCode: 0 };
}

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const standings = await (await app.crontabber()).standings();
    const { text, exitCode } = nagiosOf(standings);
    if (context.options['format'] === 'text') context.print(text);
    else printRows(context, [{ status: text.split(' ')[0], exit_code: exitCode, text }]);
    return exitCode;
  });
