/** Transfers to try: stores in memory, a folder for their state, and what every run is given. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { NodeDisk } from '../../../src/lib/disk.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { CrashId } from '../../../src/model/crash-id.ts';
import type { RawCrash } from '../../../src/model/report.ts';
import { assembleStore } from '../../../src/storage/children/assemble.ts';
import {
  DAY,
  idOn,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../../src/storage/conformance/inputs.ts';
import type { Capability, FullStore, Store } from '../../../src/storage/contract.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import type { Difference } from '../../../src/storage/transfer/outcome.ts';
import type { RunIdentity, TransferContext } from '../../../src/storage/transfer/period-run.ts';
import { Rate } from '../../../src/storage/transfer/rate.ts';
import type { Receipt, TransferKind } from '../../../src/storage/transfer/receipt.ts';
import { copyRun } from '../../../src/storage/transfer/transfers.ts';

export const NEXT_DAY = '2026-11-22';

export const clockAt = (time: string): { now: () => Date } => ({ now: () => new Date(time) });

export interface Bench extends TransferContext {
  readonly differences: Difference[];
}

/** It ends with the test. */
export async function newBench(changes: Partial<TransferContext> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-transfer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const differences: Difference[] = [];
  return {
    disk: new NodeDisk(),
    clock: clockAt('2026-11-22T12:00:00Z'),
    log: silentLog,
    folder,
    concurrency: 4,
    rate: new Rate(undefined),
    pauses: { firstMs: 1, longestMs: 2, attempts: 3 },
    onCrash: (outcome) => void differences.push(...outcome.differences),
    ...changes,
    differences,
  };
}

export const identity = (kind: TransferKind, changes: Partial<RunIdentity> = {}): RunIdentity => ({
  kind,
  from: 'from',
  to: 'to',
  since: DAY,
  until: NEXT_DAY,
  key: 'key',
  ...changes,
});

export const copy = async (from: Store, to: Store, at: TransferContext): Promise<Receipt> =>
  copyRun(identity('copy'), from, to, at).run({});

export interface FillOptions {
  readonly day?: string;
  /** Every crash is processed, too. */
  readonly processed?: boolean;
}

/** Crashes with two dumps each; resolves with them, sorted by id. */
export async function fill(store: Store, count: number, options: FillOptions = {}): Promise<RawCrash[]> {
  const { day = DAY, processed = true } = options;
  const full = store as FullStore;
  const raws = Array.from({ length: count }, (_, i) => rawCrash({ Index: String(i) }, idOn(day)));
  for (const [i, raw] of raws.entries()) {
    await full.saveReport(report(raw, textDump('core', `core ${i} ${raw.id}`), textDump('log', '')));
    if (processed) await full.saveProcessed(raw, processedCrash(raw.id, { i }));
  }
  return raws.sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function idsOf(store: Store, day = DAY): Promise<CrashId[]> {
  const ids: CrashId[] = [];
  for await (const id of (store as FullStore).list(day)) ids.push(id);
  return ids.sort();
}

/** The store with some of its capabilities alone, as a leaf. */
export function only(store: Store, ...capabilities: readonly Capability[]): Store {
  const whole = layerOver(store, 'only', { call: (_call, run) => run() });
  return assembleStore({ ...whole, children: [], capabilities }, whole as FullStore);
}
