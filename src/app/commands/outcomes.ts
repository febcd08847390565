import { OUTCOMES, type OutcomeName } from '../../collector/outcomes/outcome.ts';
import { listOutcomes } from '../../collector/outcomes.ts';
import { daysBefore, systemClock } from '../../lib/clock.ts';
import { defineCommand, UsageError } from '../command.ts';
import { printRows } from '../rows.ts';
import { withApp } from '../with-app.ts';

const MOST_DAYS = 36_500;

const isOutcome = (text: unknown): text is OutcomeName => OUTCOMES.includes(text as OutcomeName);

export default defineCommand({
  name: 'outcomes',
  summary: 'What became of uploads: accepted, deferred, discarded, rejected, truncated, and why',
  options: [
    { flags: '--days <n>', doc: 'how far back', default: '1' },
    { flags: '--outcome <name>', doc: OUTCOMES.join(', ') },
    { flags: '--recent <n>', doc: 'list this many single uploads, newest first, instead of counts' },
    { flags: '--format <format>', doc: 'text, json or csv', default: 'text' },
  ],
  examples: ['auxilio outcomes --days 7', 'auxilio outcomes --outcome truncated --recent 20'],
  async run(context) {
    const { days, outcome, recent } = context.options;
    const count = Number(days);
    const limit = recent === undefined ? 0 : Number(recent);
    if (!(count > 0 && count <= MOST_DAYS))
      throw new UsageError(`--days is a number up to ${MOST_DAYS}, not ${JSON.stringify(days)}`);
    if (!Number.isInteger(limit) || limit < 0)
      throw new UsageError(`--recent is a whole number, not ${JSON.stringify(recent)}`);
    if (outcome !== undefined && !isOutcome(outcome))
      throw new UsageError(`--outcome is ${OUTCOMES.join(', ')}, not ${JSON.stringify(outcome)}`);
    return withApp(context, async (app) => {
      const since = daysBefore(systemClock.now(), count);
      const listing = await listOutcomes(
        await app.database(),
        { since, outcome, limit },
        { signal: context.signal },
      );
      printRows(
        context,
        (limit > 0 ? listing.recent : listing.counts).map((row) => ({ ...row })),
      );
      return 0;
    });
  },
});
