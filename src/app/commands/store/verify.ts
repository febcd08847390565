import { verifyRun } from '../../../storage/transfer/transfers.ts';
import { defineCommand } from '../../command.ts';
import { sampleValue } from '../../command-values.ts';
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

export default defineCommand({
  name: 'verify',
  summary: 'Compare the crashes of two stores part by part, by SHA-256, and change nothing',
  args: '<a> <b>',
  options: [
    { flags: '--since <day>', doc: 'first day (UTC)' },
    { flags: '--until <day>', doc: 'last day, included; default is today' },
    {
      flags: '--sample <share>',
      doc: 'only a share (5%) or a number (1000) of the crashes, the same ones each time',
    },
    { flags: '--one-way', doc: 'what only the second store has is no difference' },
    ...transferOptions,
  ],
  examples: [
    'auxilio store verify bucket archive --since 2026-11-01',
    'auxilio store verify bucket archive --since 2026-01-01 --sample 1% --one-way',
  ],
  async run(context) {
    const pair = pairOf(context.args);
    const period = periodOf(context.options);
    const sample = sampleValue('--sample', context.options['sample']);
    const oneWay = context.options['oneWay'] === true;
    return withApp(context, async (app) => {
      const view = progressView();
      const transfer = transferContext(context, app, view);
      const stores = await app.stores();
      const both = [await stores.get(pair.from, 'A'), await stores.get(pair.to, 'B')] as const;
      const identity = await identityOf(app, 'verify', pair, period, {
        oneWay,
        ...(sample ? { sample: String(context.options['sample']) } : {}),
      });
      const how = { sample, oneWay, signal: context.signal };
      return runTransfer(context, app, view, await verifyRun(identity, both, how, transfer));
    });
  },
});
