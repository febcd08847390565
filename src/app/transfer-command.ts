/** The commands over two stores and a period of days. */
import type { Store } from '../storage/contract.ts';
import type { PeriodRun, RunIdentity, TransferContext } from '../storage/transfer/period-run.ts';
import type { TransferKind } from '../storage/transfer/receipt.ts';
import type { CommandContext } from './command.ts';
import { progressView } from './progress.ts';
import { identityOf, pairOf, periodOf, runTransfer, transferContext } from './run-transfer.ts';
import { withApp } from './with-app.ts';

export interface TransferCommand {
  readonly kind: TransferKind;
  /** The first day when none is given; without it `--since` has to be. */
  readonly earliest?: string;
  /** How the two stores are called in errors. */
  readonly labels: readonly [string, string];
  readonly extra?: { readonly sample?: string; readonly oneWay?: boolean };
  plan(
    identity: RunIdentity,
    stores: readonly [Store, Store],
    transfer: TransferContext,
  ): PeriodRun | Promise<PeriodRun>;
}

/** The whole of a command over two stores and a period. Resolves with the exit code. */
export async function transferBetween(context: CommandContext, command: TransferCommand): Promise<number> {
  const pair = pairOf(context.args);
  const period = periodOf(context.options, command.earliest);
  return withApp(context, async (app) => {
    const view = progressView();
    const transfer = transferContext(context, app, view);
    const stores = await app.stores();
    const [from, to] = command.labels;
    const both = [await stores.get(pair.from, from), await stores.get(pair.to, to)] as const;
    const identity = await identityOf(app, command.kind, pair, period, command.extra);
    return runTransfer(context, app, view, await command.plan(identity, both, transfer));
  });
}
