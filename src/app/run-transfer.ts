/** What `store copy`, `verify` and `drain` have in common: options, identity, progress, receipt, exit code. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../lib/clock.ts';
import { NodeDisk } from '../lib/disk.ts';
import type { CallOptions } from '../model/report.ts';
import { parseStore } from '../storage/definitions.ts';
import { StorageError } from '../storage/errors.ts';
import { formatExpression } from '../storage/expression.ts';
import { saveJson } from '../storage/transfer/durable-json.ts';
import { describeDifference } from '../storage/transfer/outcome.ts';
import type { PeriodRun, RunIdentity, TransferContext } from '../storage/transfer/period-run.ts';
import { Rate } from '../storage/transfer/rate.ts';
import type { Receipt, TransferKind } from '../storage/transfer/receipt.ts';
import { upkeepTargets } from '../storage/upkeep-targets.ts';
import type { App } from './app.ts';
import { byteText } from './byte-text.ts';
import { type CommandContext, CommandError, type CommandOption, UsageError } from './command.ts';
import { dayValue, rateValue, wholeValue } from './command-values.ts';
import type { Configuration } from './config/configuration.ts';
import { isSecret } from './config/configuration.ts';
import type { ProgressView } from './progress.ts';
import { counted } from './rows.ts';

export const transferFolder = ({ dataDir }: Configuration): string => join(dataDir, 'transfers');

export const paceOptions: readonly CommandOption[] = [
  { flags: '--rate <limit>', doc: 'at most so many crashes (50) or bytes (20MB) a second of the source' },
  { flags: '--concurrency <n>', doc: 'crashes at once', default: '8' },
];

export const transferOptions: readonly CommandOption[] = [
  ...paceOptions,
  {
    flags: '--receipt <file>',
    doc: 'write the receipt there, too; it is kept under DATA_DIR/transfers/receipts',
  },
];

/** A blip is waited out; a longer outage ends the command, which goes on where it was when it is run again. */
export const TRANSFER_PAUSES = { firstMs: 1000, longestMs: 30_000, attempts: 8 };

export interface Period {
  readonly since: string;
  readonly until: string | undefined;
}

/** Days as people gave them. Throws `UsageError`. */
export function periodOf({ since, until }: Readonly<Record<string, unknown>>, earliest?: string): Period {
  if (since === undefined && earliest === undefined)
    throw new UsageError('--since is missing: the first day, like --since 2026-11-01');
  const first = since === undefined ? (earliest as string) : dayValue('--since', since);
  const last = until === undefined ? undefined : dayValue('--until', until);
  if (last !== undefined && last < first) throw new UsageError(`--until ${last} is before --since ${first}`);
  return { since: first, until: last };
}

/** Where an expression leads, secrets aside: other buckets under the same names are another transfer. */
export async function placeOf(app: App, expression: string, label: string): Promise<unknown> {
  const { configuration, log } = app;
  const options = {
    definitions: configuration.stores,
    baseDir: configuration.cwd,
    dataDir: configuration.dataDir,
    log,
  };
  return (await upkeepTargets(expression, options, label)).map(({ name, plan }) => [
    name,
    plan.backend.use,
    Object.entries(plan.options)
      .filter(([key]) => !isSecret(plan.backend.schema, key))
      .sort(),
  ]);
}

/** Two expressions, as the command was given them. */
export interface Pair {
  readonly from: string;
  readonly to: string;
}

/** Names the files in which a transfer remembers how far it is: the same command finds them again. */
export async function keyOf(app: App, pair: Pair, ...more: readonly unknown[]): Promise<string> {
  const places = [await placeOf(app, pair.from, 'FROM'), await placeOf(app, pair.to, 'TO')];
  const text = JSON.stringify([pair.from, pair.to, places, ...more]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The two arguments in the form that the program writes; throws `SettingsError` with a caret. */
export function pairOf([from = '', to = '']: readonly string[]): Pair {
  const pair = {
    from: formatExpression(parseStore(from, 'FROM')),
    to: formatExpression(parseStore(to, 'TO')),
  };
  if (pair.from === pair.to) throw new UsageError(`${pair.from} is both source and target`);
  return pair;
}

export async function identityOf(
  app: App,
  kind: TransferKind,
  pair: Pair,
  { since, until }: Period,
  extra: { readonly sample?: string; readonly oneWay?: boolean } = {},
): Promise<RunIdentity> {
  const key = await keyOf(app, pair, kind, since, until ?? null, extra);
  return {
    kind,
    ...pair,
    since,
    until,
    key,
    ...(extra.sample === undefined ? {} : { sample: extra.sample }),
  };
}

export function transferContext(context: CommandContext, app: App, view: ProgressView): TransferContext {
  const { rate, concurrency } = context.options;
  return {
    disk: new NodeDisk(),
    clock: systemClock,
    log: app.log,
    folder: transferFolder(app.configuration),
    concurrency: wholeValue('--concurrency', concurrency),
    rate: new Rate(rateValue('--rate', rate)),
    pauses: TRANSFER_PAUSES,
    onCrash(outcome, progress) {
      for (const difference of outcome.differences) view.line(describeDifference(difference));
      view.crash(progress);
    },
    onDay: (day, tally) => view.day(day, tally),
  };
}

const DONE: Readonly<Record<TransferKind, string>> = {
  copy: 'copied',
  verify: 'compared',
  drain: 'looked at',
};

const crashes = (count: number): string => (count === 1 ? '1 crash' : `${count} crashes`);

function summary(receipt: Receipt, path: string): readonly string[] {
  const { kind, counts, since, until, from, to, digest, runs, notes } = receipt;
  const of = [
    counted(counts.reports, 'report'),
    counted(counts.dumps, 'dump'),
    `${counts.processed} processed`,
    byteText(counts.bytes),
  ].join(', ');
  const differing = counts.differing > 0 ? ` in ${crashes(counts.differing)}` : '';
  return [
    `${from} -> ${to}, ${since} to ${until}: ${crashes(counts.crashes)} ${DONE[kind]} (${of})`,
    ...(kind === 'drain' ? [`${counts.removed} taken out of ${from}`] : []),
    `${counted(counts.differences, 'difference')}${differing}`,
    ...(counts.uncompared > 0 ? [`${counted(counts.uncompared, 'part')} not compared`] : []),
    ...(runs > 1 ? [`in ${runs} runs`] : []),
    ...notes.map((note) => `note: ${note}`),
    `digest ${digest}`,
    `receipt ${path}`,
  ];
}

/** Where the receipt is to go, too. Known to be possible before hours of work, not after them. */
async function receiptFile(context: CommandContext, app: App): Promise<string | undefined> {
  const { receipt } = context.options;
  if (typeof receipt !== 'string') return undefined;
  const path = resolve(app.configuration.cwd, receipt);
  const isFolder = async (at: string): Promise<boolean> =>
    stat(at).then(
      (found) => found.isDirectory(),
      () => false,
    );
  if (await isFolder(path)) throw new CommandError(`--receipt ${receipt} is a folder, not a file`);
  if (!(await isFolder(dirname(path))))
    throw new CommandError(`--receipt ${receipt}: there is no folder ${dirname(path)}`);
  return path;
}

/** Runs what can be stopped and gone on with; its receipt is also written where `--receipt` says. */
export async function receiptOf<R>(
  context: CommandContext,
  app: App,
  run: { run(options: CallOptions): Promise<R> },
  say: (line: string) => void,
): Promise<R> {
  const file = await receiptFile(context, app);
  let receipt: R;
  try {
    receipt = await run.run({ signal: context.signal });
  } catch (cause) {
    if (context.signal.aborted) say('stopped; the same command goes on from here');
    if (!(cause instanceof StorageError) || !cause.retryable) throw cause;
    throw new CommandError(`${cause.message}; what was done is kept: the same command goes on from here`, {
      cause,
    });
  }
  if (file !== undefined) await saveJson(new NodeDisk(), file, receipt);
  return receipt;
}

/** Runs it to its end and prints the receipt. Resolves with the exit code: 1 when anything differs. */
export async function runTransfer(
  context: CommandContext,
  app: App,
  view: ProgressView,
  run: PeriodRun,
): Promise<number> {
  let receipt: Receipt;
  try {
    receipt = await receiptOf(context, app, run, (line) => view.line(line));
  } finally {
    view.end();
  }
  for (const line of summary(receipt, run.receiptPath())) context.print(line);
  return receipt.counts.differences > 0 ? 1 : 0;
}
