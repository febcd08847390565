/** Goes through a period, day by day and id by id, and counts what became of each crash; goes on where it stopped. */
import { join } from 'node:path';
import { type Clock, isoDay } from '../../lib/clock.ts';
import type { Disk } from '../../lib/disk.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { CrashStorage } from '../contract.ts';
import { loadJson, removeFile, saveJson } from './durable-json.ts';
import { daysBetween, idPage } from './ids.ts';
import { inOrder } from './in-order.ts';
import type { CrashOutcome } from './outcome.ts';
import { Patience, type Pauses } from './patience.ts';
import type { Rate } from './rate.ts';
import { addOutcome, EMPTY_TALLY, type Receipt, type Tally, type TransferKind } from './receipt.ts';
import { soleRun } from './sole-run.ts';

/** What identifies a run: the same again goes on where the last one stopped. */
export interface RunIdentity {
  readonly kind: TransferKind;
  readonly from: string;
  readonly to: string;
  readonly since: string;
  /** Undefined: the day on which it is first started. */
  readonly until: string | undefined;
  /** Part of the file's name: where the two stores are, and what else makes another run of it. */
  readonly key: string;
  readonly sample?: string | undefined;
}

export interface Progress {
  readonly day: string;
  /** Crashes of this page of the day's list, and how many of them are done. */
  readonly listed: number;
  readonly done: number;
  readonly tally: Tally;
}

/** What any transfer is given by whoever starts it. */
export interface TransferContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Where state and receipts lie; absolute. */
  readonly folder: string;
  readonly concurrency: number;
  readonly rate: Rate;
  readonly pauses: Pauses;
  /** Each finished crash, in order. */
  readonly onCrash?: ((outcome: CrashOutcome, progress: Progress) => void) | undefined;
  readonly onDay?: ((day: string, tally: Tally) => void) | undefined;
}

export interface PeriodWork {
  readonly lists: readonly CrashStorage<'list'>[];
  readonly notes: readonly string[];
  chosen(id: CrashId): boolean;
  crash(id: CrashId, options: CallOptions): Promise<CrashOutcome>;
  /** What is done leaves the source, so that there is nothing to remember: every run looks at all that is left. */
  readonly fresh?: boolean;
}

/** On the disk. Crashes up to `after` of `day`, and those of the days before, are in the tally; no others are. */
interface State {
  readonly format: 1;
  readonly identity: RunIdentity;
  readonly startedAt: string;
  readonly runs: number;
  readonly until: string;
  readonly day: string;
  readonly after: string;
  readonly tally: Tally;
}

/** A killed run does so much again. */
const SAVE_EVERY_MS = 1000;

function isStateOf(identity: RunIdentity, found: unknown): found is State {
  const state = found as Partial<State> | undefined;
  return state?.format === 1 && JSON.stringify(state.identity) === JSON.stringify(identity);
}

export class PeriodRun {
  readonly #identity: RunIdentity;
  readonly #work: PeriodWork;
  readonly #context: TransferContext;
  readonly #patience: Patience;
  readonly #path: string;
  #state: State;
  #savedAt = 0;

  constructor(identity: RunIdentity, work: PeriodWork, context: TransferContext) {
    this.#identity = identity;
    this.#work = work;
    this.#context = context;
    this.#patience = new Patience(context.pauses, context.log);
    this.#path = join(context.folder, `${identity.kind}-${identity.key}.state.json`);
    this.#state = {
      format: 1,
      identity,
      startedAt: context.clock.now().toISOString(),
      runs: 0,
      until: identity.until ?? isoDay(context.clock.now()),
      day: identity.since,
      after: '',
      tally: EMPTY_TALLY,
    };
  }

  /** Rejects when a store stays down, with what was done so far written down: the same run again goes on from there. */
  run(options: CallOptions): Promise<Receipt> {
    const { disk, folder } = this.#context;
    const { kind, key } = this.#identity;
    return soleRun(disk, join(folder, `${kind}-${key}.lock`), async () => {
      await this.#resume();
      for (const day of daysBetween(this.#identity.since, this.#state.until)) {
        if (day < this.#state.day) continue;
        await this.#day(day, options);
      }
      const receipt = this.#receipt();
      await saveJson(disk, this.receiptPath(), receipt);
      await removeFile(disk, this.#path);
      return receipt;
    });
  }

  /** How far an earlier run came; undefined when this one began anew. */
  get resumedAt(): string | undefined {
    const { runs, day, after } = this.#state;
    return runs > 1 ? `${day} ${after}`.trim() : undefined;
  }

  receiptPath(): string {
    const { kind, key } = this.#identity;
    const time = this.#state.startedAt.replace(/[:.]/g, '-');
    return join(this.#context.folder, 'receipts', `${time}-${kind}-${key}.json`);
  }

  async #resume(): Promise<void> {
    const found = await loadJson(this.#path);
    if (!this.#work.fresh && isStateOf(this.#identity, found)) this.#state = found;
    this.#state = { ...this.#state, runs: this.#state.runs + 1 };
    await this.#save();
    if (this.resumedAt)
      this.#context.log.info({ at: this.resumedAt }, 'going on where an earlier run stopped');
  }

  async #day(day: string, options: CallOptions): Promise<void> {
    if (day !== this.#state.day) this.#state = { ...this.#state, day, after: '' };
    for (let more = true; more; ) {
      const { after } = this.#state;
      const page = await this.#patience.until(
        'list',
        () => idPage(this.#work.lists, day, after, options),
        options,
      );
      try {
        await this.#crashes(day, page.ids, options);
      } finally {
        await this.#save();
      }
      more = page.more;
    }
    this.#context.onDay?.(day, this.#state.tally);
  }

  async #crashes(day: string, page: readonly CrashId[], options: CallOptions): Promise<void> {
    const { concurrency, rate, onCrash } = this.#context;
    const chosen = page.filter((id) => this.#work.chosen(id));
    let done = 0;
    const work = async (id: CrashId): Promise<CrashOutcome> => {
      await rate.crash(options);
      return this.#patience.until(id, () => this.#work.crash(id, options), options);
    };
    await inOrder(chosen, concurrency, work, async (outcome) => {
      const tally = addOutcome(this.#state.tally, outcome);
      this.#state = { ...this.#state, after: outcome.id, tally };
      done += 1;
      onCrash?.(outcome, { day, listed: chosen.length, done, tally });
      if (performance.now() - this.#savedAt > SAVE_EVERY_MS) await this.#save();
    });
    this.#state = { ...this.#state, after: page.at(-1) ?? this.#state.after };
  }

  async #save(): Promise<void> {
    await saveJson(this.#context.disk, this.#path, this.#state);
    this.#savedAt = performance.now();
  }

  #receipt(): Receipt {
    const { kind, from, to, since, sample } = this.#identity;
    const { startedAt, runs, until, tally } = this.#state;
    return {
      format: 1,
      kind,
      from,
      to,
      since,
      until,
      ...(sample === undefined ? {} : { sample }),
      startedAt,
      finishedAt: this.#context.clock.now().toISOString(),
      runs,
      notes: this.#work.notes,
      ...tally,
    };
  }
}
