/** Signs a period again, batch by batch, and remembers how far it is; goes on where it stopped. */
import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAborted, sleep } from '../../lib/abort.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Disk } from '../../lib/disk.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { SignatureGenerator } from '../../signature/generator.ts';
import type { CrashStorage } from '../../storage/contract.ts';
import { StorageError } from '../../storage/errors.ts';
import { loadJson, removeFile, saveJson } from '../../storage/transfer/durable-json.ts';
import { inOrder } from '../../storage/transfer/in-order.ts';
import { Patience, type Pauses } from '../../storage/transfer/patience.ts';
import type { Rate } from '../../storage/transfer/rate.ts';
import { soleRun } from '../../storage/transfer/sole-run.ts';
import { rescan, type ScanPeriod, versionOf } from './rescan.ts';
import {
  addCounts,
  addResult,
  type CrashResult,
  EMPTY_RESIGN,
  type Failed,
  type ResignIdentity,
  type ResignReceipt,
  type ResignTally,
} from './resign-receipt.ts';
import type { Resigner } from './resigner.ts';

export interface ResignContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Where state and receipts lie; absolute. */
  readonly folder: string;
  /** Part of the files' names: the same run has the same key. */
  readonly key: string;
  readonly concurrency: number;
  /** Crashes that are written down before they are touched. */
  readonly batch: number;
  readonly rate: Rate;
  readonly pauses: Pauses;
  readonly onProgress?: ((tally: ResignTally) => void) | undefined;
  /** Nothing more is done, for whatever reason. */
  readonly onEnd?: (() => void) | undefined;
}

export interface ResignWork {
  readonly scan: CrashStorage<'scan'>;
  readonly generator: SignatureGenerator;
  readonly resigner: Resigner;
  /** What a run that begins anew goes over. */
  readonly period: ScanPeriod;
}

/**
 * On the disk. What lies before `at` is done; those of `seen` are, too; those of `pending` may be done in some stores; of
 * those of `unsettled` nobody knows yet whether a processor was at them in the same moment.
 */
interface State {
  readonly format: 1;
  readonly identity: ResignIdentity;
  readonly startedAt: string;
  readonly runs: number;
  readonly from: string;
  readonly to: string;
  at: string;
  seen: CrashId[];
  pending: CrashId[];
  unsettled: CrashId[];
  tally: ResignTally;
}

/** A killed run looks at so much again. */
const SAVE_EVERY_MS = 1000;
/** What a processor that saves in the same moment needs to reach all of its stores, on a busy day. */
const SETTLE_MS = 300;
const SAVED: ReadonlySet<string> = new Set(['signed', 'already']);
/** More crashes of one millisecond than this are counted again by a run that goes on. */
const MOST_SEEN = 5000;

const changeLine = (result: CrashResult): readonly string[] =>
  'outcome' in result && result.outcome.kind === 'signed'
    ? [`${JSON.stringify({ id: result.id, from: result.outcome.from, to: result.outcome.to })}\n`]
    : [];

export class ResignRun {
  readonly #identity: ResignIdentity;
  readonly #work: ResignWork;
  readonly #context: ResignContext;
  readonly #patience: Patience;
  readonly #path: string;
  #state: State;
  #savedAt = performance.now();

  constructor(identity: ResignIdentity, work: ResignWork, context: ResignContext) {
    this.#identity = identity;
    this.#work = work;
    this.#context = context;
    this.#patience = new Patience(context.pauses, context.log);
    this.#path = join(context.folder, `resign-${context.key}.state.json`);
    const { from, to } = work.period;
    this.#state = {
      format: 1,
      identity,
      startedAt: context.clock.now().toISOString(),
      runs: 0,
      from: from.toISOString(),
      to: to.toISOString(),
      at: from.toISOString(),
      seen: [],
      pending: [],
      unsettled: [],
      tally: EMPTY_RESIGN,
    };
  }

  receiptPath(): string {
    return this.#file('json');
  }

  /** Rejects when it is stopped or a store stays down, with what was done written down: the same run again goes on. */
  run(options: CallOptions): Promise<ResignReceipt> {
    const { disk, folder, key } = this.#context;
    return soleRun(disk, join(folder, `resign-${key}.lock`), async () => {
      await this.#resume();
      await disk.makeFolder(dirname(this.receiptPath()));
      try {
        // Some stores may have these already: found by no scan, and told by nobody else.
        await this.#settle(options);
        await this.#sign(options);
        await this.#scan(options);
      } finally {
        this.#context.onEnd?.();
        await this.#save();
      }
      const receipt = this.#receipt();
      await saveJson(disk, this.receiptPath(), receipt);
      await removeFile(disk, this.#path);
      return receipt;
    });
  }

  #file(end: string): string {
    const time = this.#state.startedAt.replace(/[:.]/g, '-');
    return join(this.#context.folder, 'receipts', `${time}-resign-${this.#context.key}.${end}`);
  }

  async #resume(): Promise<void> {
    const found = (await loadJson(this.#path)) as Partial<State> | undefined;
    if (found?.format === 1 && JSON.stringify(found.identity) === JSON.stringify(this.#identity))
      this.#state = found as State;
    this.#state = { ...this.#state, runs: this.#state.runs + 1 };
    const { runs, startedAt, at } = this.#state;
    if (runs > 1) this.#context.log.info({ startedAt, at }, 'going on where an earlier run stopped');
    await this.#save();
  }

  async #scan(options: CallOptions): Promise<void> {
    const { at, to, seen } = this.#state;
    const known = new Set(seen);
    const period = { from: new Date(at), to: new Date(to) };
    const { scan, generator } = this.#work;
    const rows = rescan(scan, generator, period, { ...options, version: this.#identity.stale === 'version' });
    for await (const { id, date, before, after, version } of rows) {
      if (date === at && known.has(id)) continue;
      const isOld = version !== undefined && version !== this.#version();
      const isStale = after !== undefined && (after !== before || isOld);
      this.#looked(id, date, { isStale, isWithoutInput: after === undefined });
      if (this.#state.pending.length >= this.#context.batch) await this.#sign(options);
      else if (performance.now() - this.#savedAt > SAVE_EVERY_MS) await this.#save();
    }
    await this.#sign(options);
  }

  /** The scan is oldest first. What is stale is pending from here on: whenever the state is saved, it is in there. */
  #looked(
    id: CrashId,
    date: string,
    { isStale, isWithoutInput }: { readonly isStale: boolean; readonly isWithoutInput: boolean },
  ): void {
    const state = this.#state;
    if (state.at !== date) [state.at, state.seen] = [date, []];
    if (state.seen.length < MOST_SEEN) state.seen.push(id);
    if (isStale) state.pending.push(id);
    state.tally = addCounts(state.tally, { scanned: 1, withoutInput: Number(isWithoutInput) });
    this.#context.onProgress?.(state.tally);
  }

  /** Those that are pending. */
  async #sign(options: CallOptions): Promise<void> {
    const { pending } = this.#state;
    if (pending.length === 0) return;
    await this.#save();
    const { rate, concurrency } = this.#context;
    const lines: string[] = [];
    const left = new Set(pending);
    const work = async (id: CrashId): Promise<CrashResult> => {
      await rate.crash(options);
      return this.#patience.until(id, () => this.#one(id, options), options);
    };
    try {
      await inOrder(pending, concurrency, work, async (result) => {
        left.delete(result.id);
        if ('outcome' in result && SAVED.has(result.outcome.kind)) this.#state.unsettled.push(result.id);
        lines.push(...changeLine(result));
        this.#state.tally = addResult(this.#state.tally, result);
        this.#context.onProgress?.(this.#state.tally);
      });
    } finally {
      if (lines.length > 0) await appendFile(this.#file('jsonl'), lines.join(''), { flush: true });
      this.#state.pending = [...left];
      await this.#save();
    }
    await this.#settle(options);
  }

  async #settle(options: CallOptions): Promise<void> {
    const { resigner } = this.#work;
    const { unsettled } = this.#state;
    if (unsettled.length > 0 && resigner.settles) {
      await sleep(SETTLE_MS, options);
      const work = async (id: CrashId): Promise<CrashResult | boolean> =>
        this.#patience.until(
          id,
          () => this.#attempt(id, () => resigner.settle(id, options), options),
          options,
        );
      await inOrder(unsettled, this.#context.concurrency, work, async (result) => {
        if (typeof result !== 'boolean') this.#state.tally = addResult(this.#state.tally, result);
        else this.#state.tally = addCounts(this.#state.tally, { settled: Number(result) });
      });
    }
    this.#state.unsettled = [];
  }

  #one(id: CrashId, options: CallOptions): Promise<CrashResult> {
    // Of the first run, so that a crash that is done in parts has one time in all of its stores.
    const at = new Date(this.#state.startedAt);
    const work = async (): Promise<CrashResult> => ({
      id,
      outcome: await this.#work.resigner.crash(id, at, options),
    });
    return this.#attempt(id, work, options);
  }

  /** What a store refuses for good is that crash's own matter; an outage is everybody's. */
  async #attempt<T>(id: CrashId, work: () => Promise<T>, options: CallOptions): Promise<T | Failed> {
    try {
      return await work();
    } catch (error) {
      if (options.signal?.aborted || isAborted(error)) throw error;
      if (!(error instanceof StorageError) || error.retryable) throw error;
      this.#context.log.warn({ crashId: id, code: error.code }, 'a crash could not be signed again');
      return { id, failure: error.message };
    }
  }

  #version(): string {
    return versionOf(this.#identity.lists, this.#identity.generator);
  }

  async #save(): Promise<void> {
    await saveJson(this.#context.disk, this.#path, this.#state);
    this.#savedAt = performance.now();
  }

  #receipt(): ResignReceipt {
    const { identity, startedAt, runs, from, to, tally } = this.#state;
    const { clock } = this.#context;
    return {
      format: 1,
      kind: 'resign',
      ...identity,
      from,
      to,
      startedAt,
      finishedAt: clock.now().toISOString(),
      runs,
      stores: this.#work.resigner.stores,
      changes: this.#file('jsonl'),
      ...tally,
    };
  }
}
