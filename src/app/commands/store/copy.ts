import { copyRun } from '../../../storage/transfer/transfers.ts';
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

export default defineCommand({
  name: 'copy',
  summary:
    'Copy every report and processed crash of some days into another store, and compare them there by SHA-256; goes on where it was stopped',
  args: '<from> <to>',
  options: [
    { flags: '--since <day>', doc: 'first day (UTC)' },
    { flags: '--until <day>', doc: 'last day, included; default is today' },
    ...transferOptions,
  ],
  examples: [
    'auxilio store copy bucket cassandra --since 2026-11-01 --until 2026-11-21',
    "auxilio store copy 'fallback(bucket, spare)' archive --since 2026-11-01 --rate 20MB",
    'auxilio store copy bucket index --since 2026-11-01 --concurrency 32',
  ],
  async run(context) {
    const pair = pairOf(context.args);
    const period = periodOf(context.options);
    return withApp(context, async (app) => {
      const view = progressView();
      const transfer = transferContext(context, app, view);
      const stores = await app.stores();
      const [from, to] = [await stores.get(pair.from, 'FROM'), await stores.get(pair.to, 'TO')];
      const identity = await identityOf(app, 'copy', pair, period);
      return runTransfer(context, app, view, copyRun(identity, from, to, transfer));
    });
  },
});
