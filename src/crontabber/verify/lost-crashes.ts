/** Crashes that have no processed one: which of them are lost, and putting those into the queue. */
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import { type CallOptions, isDeferred, type RawCrash } from '../../model/report.ts';
import type { CrashTask, Publisher } from '../../queue/contract.ts';
import { type CrashStorage, can, type Store } from '../../storage/contract.ts';
import { codeOf } from '../../storage/errors.ts';
import type { Period } from '../job.ts';
import type { RequeueMarks } from '../tables/requeue-marks.ts';

type Reader = CrashStorage<'processed.read'>;

const isOptional = (store: Store): boolean =>
  store.use === 'optional' || (store.children.length === 1 && store.children.every(isOptional));

/** Whoever of the processor's destinations can be read back; mirrors whose failures nobody counts are not asked. */
export function readersOf(store: Store): readonly Reader[] {
  if (can(store, 'processed.read')) return [store];
  return store.children.filter((child) => !isOptional(child)).flatMap(readersOf);
}

/** Every one of them has it. Rejects when one cannot be asked: a store that is down has lost nothing. */
export async function isProcessed(
  id: CrashId,
  readers: readonly Reader[],
  options: CallOptions,
): Promise<boolean> {
  for (const reader of readers) {
    try {
      await reader.readProcessed(id, options);
    } catch (error) {
      if (codeOf(error) === 'not_found') return false;
      throw error;
    }
  }
  return true;
}

export interface LostCrashesOptions {
  readonly source: CrashStorage<'raw.read'>;
  readonly queue: Publisher<CrashTask>;
  readonly marks: RequeueMarks;
  /** Set aside by the queue. */
  readonly dead: ReadonlySet<CrashId>;
  readonly period: Period;
  readonly graceMs: number;
  /** After so many it is given up. */
  readonly times: number;
  readonly log: Log;
}

/** Given up: named in the log, the others are counted. */
const NAMED = 20;

export class LostCrashes {
  readonly #options: LostCrashesOptions;
  /** `waiting`: too young, deferred, dead, or queued for this period already. */
  readonly counts = { requeued: 0, givenUp: 0, waiting: 0 };

  constructor(options: LostCrashesOptions) {
    this.#options = options;
  }

  async take(id: CrashId, options: CallOptions): Promise<void> {
    const { queue, marks, period, times, log } = this.#options;
    if (!(await this.#isDue(id, options))) return;
    const found = await marks.of(id, options);
    const lastAt = period.to.toISOString();
    if (found.lastAt >= lastAt) {
      this.counts.waiting += 1;
      return;
    }
    if (found.times >= times) {
      this.counts.givenUp += 1;
      if (this.counts.givenUp <= NAMED)
        log.error({ crash: id, times }, 'queued again and never processed: given up');
      return;
    }
    await queue.publish({ crashId: id }, 'standard', options);
    await marks.set(id, { times: found.times + 1, lastAt }, options);
    this.counts.requeued += 1;
  }

  async #isDue(id: CrashId, options: CallOptions): Promise<boolean> {
    const { dead, source, period, graceMs } = this.#options;
    const raw = await readIfThere(source, id, options);
    // Removed meanwhile, or a processed crash whose raw one is elsewhere.
    if (!raw) return false;
    const isYoung = Date.parse(raw.receivedAt) > period.to.getTime() - graceMs;
    if (!isYoung && !isDeferred(raw) && !dead.has(id)) return true;
    this.counts.waiting += 1;
    return false;
  }
}

async function readIfThere(
  source: CrashStorage<'raw.read'>,
  id: CrashId,
  options: CallOptions,
): Promise<RawCrash | undefined> {
  try {
    return await source.readRaw(id, options);
  } catch (error) {
    if (codeOf(error) === 'not_found') return undefined;
    throw error;
  }
}
