import { createHash } from 'node:crypto';
import { systemClock } from '../../../lib/clock.ts';
import { NodeDisk } from '../../../lib/disk.ts';
import { MovesTally } from '../../../processor/resign/moves.ts';
import { rescan, type ScanPeriod } from '../../../processor/resign/rescan.ts';
import type { ResignIdentity, ResignReceipt } from '../../../processor/resign/resign-receipt.ts';
import { ResignRun } from '../../../processor/resign/resign-run.ts';
import { Resigner } from '../../../processor/resign/resigner.ts';
import { GENERATOR_VERSION, SignatureGenerator } from '../../../signature/generator.ts';
import { need } from '../../../storage/contract.ts';
import { Rate } from '../../../storage/transfer/rate.ts';
import type { App } from '../../app.ts';
import { type CommandContext, defineCommand, UsageError } from '../../command.ts';
import { rateValue, wholeValue } from '../../command-values.ts';
import { placeOf, receiptOf, TRANSFER_PAUSES, transferFolder } from '../../run-transfer.ts';
import { crashes, number, summary } from '../../siglists/preview.ts';
import {
  countCrashes,
  type ScanTarget,
  scanOptions,
  scanPeriod,
  scanTarget,
} from '../../siglists/scan-choice.ts';
import { scanProgress } from '../../siglists/scan-progress.ts';
import { signatureRules } from '../../signature-rules.ts';
import { withApp } from '../../with-app.ts';

/** The lists as they are now: an edit meanwhile is for the next run. */
async function generatorInUse(context: CommandContext, app: App): Promise<SignatureGenerator> {
  const { lists } = await app.signatures();
  // Whoever asks for an explanation later wants to see the lines.
  if (context.options['dryRun'] !== true)
    await (await app.listVersions()).keep(lists, { signal: context.signal });
  return new SignatureGenerator({ lists, rules: await signatureRules(app.configuration) });
}

function identityOf(
  { options }: CommandContext,
  app: App,
  target: ScanTarget,
  lists: string,
): ResignIdentity {
  return {
    store: target.expression,
    destination: app.configuration.settings.processor.destination,
    since: String(options['since']),
    until: options['until'] === undefined ? null : String(options['until']),
    lists,
    generator: GENERATOR_VERSION,
    stale: options['all'] === true ? 'version' : 'signature',
  };
}

/** Where the stores are belongs to it: others under the same names are another run. */
async function keyOf(app: App, identity: ResignIdentity): Promise<string> {
  const places = [
    await placeOf(app, identity.store, '--store'),
    await placeOf(app, identity.destination, 'PROCESSOR_DESTINATION'),
  ];
  return createHash('sha256')
    .update(JSON.stringify([identity, places]))
    .digest('hex')
    .slice(0, 16);
}

async function dryRun(
  context: CommandContext,
  target: ScanTarget,
  generator: SignatureGenerator,
  period: ScanPeriod,
): Promise<number> {
  const { signal } = context;
  const moves = new MovesTally();
  let withoutInput = 0;
  for await (const { id, before, after } of rescan(target.store, generator, period, { signal })) {
    if (after === undefined) withoutInput += 1;
    else moves.add(id, before, after);
  }
  const lines = summary({
    store: target.expression,
    since: period.from.toISOString(),
    until: period.to.toISOString(),
    lists: generator.lists.digest,
    generator: GENERATOR_VERSION,
    withoutInput,
    ...moves.result(),
  });
  for (const line of [...lines, 'nothing was changed; siglists preview shows which']) context.print(line);
  return 0;
}

function told(receipt: ResignReceipt, path: string): readonly string[] {
  const { counts, runs, stores } = receipt;
  const also = [
    [counts.already, 'signed so already'],
    [counts.reprocessed, 'left to a processor that was at work on them meanwhile'],
    [counts.settled, 'saved by a processor in the same moment: its result is in every store'],
    [counts.gone, 'removed meanwhile'],
    [counts.withoutInput, 'without a stored input: auxilio reprocess'],
    [counts.failed, 'could not be signed again: the receipt says why'],
  ] as const;
  return [
    `${receipt.store}, ${receipt.from} to ${receipt.to}: ${number(counts.signed)} of ${crashes(counts.scanned)} signed again in ${stores.join(', ')}`,
    `lists ${receipt.lists.slice(0, 12)}, generator ${receipt.generator}`,
    ...also.flatMap(([count, what]) => (count > 0 ? [`${crashes(count)} ${what}`] : [])),
    ...(runs > 1 ? [`in ${runs} runs`] : []),
    ...(counts.signed > 0 ? [`changes ${receipt.changes}`] : []),
    `receipt ${path}`,
  ];
}

/** Bytes are not counted here. */
function crashRate(text: unknown): Rate {
  const limit = rateValue('--rate', text);
  if (limit?.per === 'byte')
    throw new UsageError(`--rate is crashes a second, like 50, not ${JSON.stringify(text)}`);
  return new Rate(limit);
}

async function runOf(
  context: CommandContext,
  app: App,
  target: ScanTarget,
  generator: SignatureGenerator,
): Promise<ResignRun> {
  const { options } = context;
  const { settings } = app.configuration;
  const stores = await app.stores();
  const resigner = new Resigner({
    source: need(await stores.get(settings.processor.source), 'PROCESSOR_SOURCE', 'raw.read'),
    destination: await stores.get(settings.processor.destination, 'PROCESSOR_DESTINATION'),
    generator,
    rules: await signatureRules(app.configuration),
    clock: systemClock,
    stale: options['all'] === true ? 'version' : 'signature',
  });
  const period = scanPeriod(context);
  const progress = scanProgress(await countCrashes(target, period, { signal: context.signal }));
  const identity = identityOf(context, app, target, generator.lists.digest);
  return new ResignRun(
    identity,
    { scan: target.store, generator, resigner, period },
    {
      disk: new NodeDisk(),
      clock: systemClock,
      log: app.log,
      folder: transferFolder(app.configuration),
      key: await keyOf(app, identity),
      concurrency: wholeValue('--concurrency', options['concurrency']),
      batch: wholeValue('--batch', options['batch']),
      rate: crashRate(options['rate']),
      pauses: TRANSFER_PAUSES,
      onProgress: ({ counts }) => progress.at(counts.scanned, counts.signed),
      onEnd: () => progress.end(),
    },
  );
}

async function finish(context: CommandContext, app: App, run: ResignRun): Promise<number> {
  const receipt = await receiptOf(context, app, run, (line) => context.warn(line));
  for (const line of told(receipt, run.receiptPath())) context.print(line);
  return receipt.counts.failed > 0 ? 1 : 0;
}

export default defineCommand({
  name: 'apply',
  summary:
    'Sign stored crashes again with the lists in use, in every store that the processor writes to; nothing is walked again',
  sections: ['signature'],
  options: [
    ...scanOptions,
    { flags: '--dry-run', doc: 'only say how many would change' },
    { flags: '--all', doc: 'also crashes whose signature stays, when another version of the lists made it' },
    { flags: '--rate <limit>', doc: 'at most so many crashes a second, like 50' },
    { flags: '--concurrency <n>', doc: 'crashes at once', default: '8' },
    { flags: '--batch <n>', doc: 'crashes between two notes of how far it is', default: '200' },
    {
      flags: '--receipt <file>',
      doc: 'write the receipt there, too; it is kept under DATA_DIR/transfers/receipts',
    },
  ],
  examples: [
    'auxilio siglists apply --since 30d --dry-run',
    'auxilio siglists apply --since 2026-11-01 --rate 200',
    'auxilio siglists apply --since 2026-11-01 --until 2026-11-07 --receipt receipt.json',
  ],
  async run(context) {
    const period = scanPeriod(context);
    return withApp(context, async (app) => {
      const generator = await generatorInUse(context, app);
      const target = await scanTarget(context, app);
      if (context.options['dryRun'] === true) return dryRun(context, target, generator, period);
      return finish(context, app, await runOf(context, app, target, generator));
    });
  },
});
