import { daysBefore, isoDay, systemClock } from '../../../lib/clock.ts';
import { drainRun } from '../../../storage/transfer/transfers.ts';
import { defineCommand } from '../../command.ts';
import { progressView } from '../../progress.ts';
import {
  identityOf,
  pairOf,
  periodOf,
  runTransfer,
  transferContext,
  transferOptions,
} from '../../run-transfer.ts';
import { withApp } from '../../with-app.ts';

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
  async run(context) {
    const pair = pairOf(context.args);
    const period = periodOf(context.options, isoDay(daysBefore(systemClock.now(), DEFAULT_DAYS)));
    return withApp(context, async (app) => {
      const view = progressView();
      const transfer = transferContext(context, app, view);
      const stores = await app.stores();
      const [spare, first] = [await stores.get(pair.from, 'SPARE'), await stores.get(pair.to, 'FIRST')];
      const identity = await identityOf(app, 'drain', pair, period);
      return runTransfer(context, app, view, drainRun(identity, spare, first, transfer));
    });
  },
});
