import { verifyRun } from '../../../storage/transfer/transfers.ts';
import { defineCommand } from '../../command.ts';
import { sampleValue } from '../../command-values.ts';
import { transferOptions } from '../../run-transfer.ts';
import { transferBetween } from '../../transfer-command.ts';

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
    const sample = sampleValue('--sample', context.options['sample']);
    const oneWay = context.options['oneWay'] === true;
    return transferBetween(context, {
      kind: 'verify',
      labels: ['A', 'B'],
      extra: { oneWay, ...(sample ? { sample: String(context.options['sample']) } : {}) },
      plan: (identity, both, transfer) =>
        verifyRun(identity, both, { sample, oneWay, signal: context.signal }, transfer),
    });
  },
});
