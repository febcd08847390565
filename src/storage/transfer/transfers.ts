/** The transfers of a period: copying, comparing, and bringing back what went to a spare store. */
import { isoDay } from '../../lib/clock.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { type CrashStorage, can, type Store } from '../contract.ts';
import { Carrier } from './carrier.ts';
import { daysBetween, type Sample, sampler } from './ids.ts';
import { PeriodRun, type RunIdentity, type TransferContext } from './period-run.ts';
import { planComparison, planMove, planRoute } from './route.ts';

const everything = (): boolean => true;

/** Every report and processed crash of a period into another store. Throws `unsupported`, in words, when nothing can go. */
export function copyRun(identity: RunIdentity, from: Store, to: Store, context: TransferContext): PeriodRun {
  const route = planRoute(from, to);
  const carrier = new Carrier(route, context.rate);
  const work = {
    lists: [route.from],
    notes: route.notes,
    chosen: everything,
    crash: (id: CrashId, o: CallOptions) => carrier.copy(id, o),
  };
  return new PeriodRun(identity, work, context);
}

export interface VerifyOptions extends CallOptions {
  readonly sample?: Sample | undefined;
  /** What only the second store has is no difference. */
  readonly oneWay: boolean;
}

/** Compares only. A sample by count lists the whole period before it begins. */
export async function verifyRun(
  identity: RunIdentity,
  [a, b]: readonly [Store, Store],
  options: VerifyOptions,
  context: TransferContext,
): Promise<PeriodRun> {
  const route = planComparison(a, b);
  const bothWays = !options.oneWay && can(b, 'list');
  const lists: readonly CrashStorage<'list'>[] = bothWays ? [route.from, route.to] : [route.from];
  const days = daysBetween(identity.since, identity.until ?? isoDay(context.clock.now()));
  const chosen = options.sample ? await sampler(options.sample, lists, days, options) : everything;
  const carrier = new Carrier(route, context.rate);
  const notes = [
    ...route.notes,
    ...(bothWays || options.oneWay ? [] : [`${b.name} has no list: what only it has is not looked for`]),
  ];
  const work = {
    lists,
    notes,
    chosen,
    crash: (id: CrashId, o: CallOptions) => carrier.compare(id, bothWays, o),
  };
  return new PeriodRun(identity, work, context);
}

/** Moves crashes from a spare store to the first one, and removes each when it was found there whole. */
export function drainRun(
  identity: RunIdentity,
  spare: Store,
  first: Store,
  context: TransferContext,
): PeriodRun {
  const route = planMove(spare, first, true);
  const carrier = new Carrier(route, context.rate);
  const work = {
    lists: [route.from],
    notes: route.notes,
    fresh: true,
    chosen: everything,
    crash: (id: CrashId, o: CallOptions) => carrier.move(id, true, o),
  };
  return new PeriodRun(identity, work, context);
}
