import { copyRun } from '../../../storage/transfer/transfers.ts';
import { defineCommand } from '../../command.ts';
import { transferOptions } from '../../run-transfer.ts';
import { transferBetween } from '../../transfer-command.ts';

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
  run: (context) =>
    transferBetween(context, {
      kind: 'copy',
      labels: ['FROM', 'TO'],
      plan: (identity, [from, to], transfer) => copyRun(identity, from, to, transfer),
    }),
});
