import { daysBefore, isoDay, systemClock } from '../../../lib/clock.ts';
import { drainRun } from '../../../storage/transfer/transfers.ts';
import { defineCommand } from '../../command.ts';
import { transferOptions } from '../../run-transfer.ts';
import { transferBetween } from '../../transfer-command.ts';

const DEFAULT_DAYS = 30;

export default defineCommand({
  name: 'drain',
  summary:
    'Move crashes that went to a spare store back to the first one; each is removed from the spare when all of it was found in the first by SHA-256',
  args: '<spare> <first>',
  options: [
    { flags: '--since <day>', doc: `first day (UTC); default is ${DEFAULT_DAYS} days ago` },
    { flags: '--until <day>', doc: 'last day, included; default is today' },
    ...transferOptions,
  ],
  examples: [
    'auxilio store drain spare bucket',
    'auxilio store drain spare bucket --since 2026-11-20 --rate 10',
  ],
  run: (context) =>
    transferBetween(context, {
      kind: 'drain',
      earliest: isoDay(daysBefore(systemClock.now(), DEFAULT_DAYS)),
      labels: ['SPARE', 'FIRST'],
      plan: (identity, [spare, first], transfer) => drainRun(identity, spare, first, transfer),
    }),
});
