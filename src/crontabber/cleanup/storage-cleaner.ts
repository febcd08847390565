/** Removes crashes that are too old from several stores at once, day by day, and remembers only what is really gone. */
import { throwIfAborted } from '../../lib/abort.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { type CrashStorage, can } from '../../storage/contract.ts';
import { StorageError } from '../../storage/errors.ts';
import { idPage } from '../../storage/transfer/ids.ts';
import { dayAfter } from '../retention.ts';
import type { CleanupMarks } from '../tables/cleanup-marks.ts';

type Remover = CrashStorage<'remove'>;

export interface CleanerOptions {
  /** Each has `remove`, and some have `list`. */
  readonly stores: readonly Remover[];
  readonly held: ReadonlySet<CrashId>;
  /** So many days that were cleaned already are looked at again, for crashes that came late. */
  readonly lookAgainDays: number;
  readonly marks: CleanupMarks;
  readonly log: Log;
}

export interface Cleaned {
  readonly removed: number;
  readonly held: number;
  /** Crashes that could not be removed; their days count as not cleaned. */
  readonly failed: number;
}

const AT_ONCE = 8;
/** Named in the log and the error; the others are counted. */
const NAMED_FAILURES = 20;

const isDown = (error: unknown): boolean =>
  !(error instanceof StorageError) ||
  error.retryable ||
  error.code === 'closed' ||
  error.code === 'permission_denied';

export class StorageCleaner {
  readonly #listing: readonly CrashStorage<'list' | 'remove'>[];
  readonly #others: readonly Remover[];
  readonly #options: CleanerOptions;
  #removed = 0;
  #heldNow = 0;
  #failed = 0;

  constructor(options: CleanerOptions) {
    this.#options = options;
    this.#listing = options.stores.filter((store): store is CrashStorage<'list' | 'remove'> =>
      can(store, 'list'),
    );
    this.#others = options.stores.filter((store) => !can(store, 'list'));
  }

  /** Stores that cannot say what they have are cleaned of what the others have. */
  get canList(): boolean {
    return this.#listing.length > 0;
  }

  /**
   * Everything before `firstKept`. Rejects when a store is down, with the days that were finished remembered: the next run goes on
   * there. A crash that cannot be removed for another reason is counted, and its day is looked at again.
   */
  async clean(
    firstKept: string,
    { earliest, signal }: CallOptions & { readonly earliest: string },
  ): Promise<Cleaned> {
    await this.#released({ signal });
    const { marks } = this.#options;
    const cleanedUntil = await marks.cleanedUntil({ signal });
    let reached = cleanedUntil;
    let firstFailed: string | undefined;
    for (let day = this.#begin(cleanedUntil, earliest); day < firstKept; day = dayAfter(day)) {
      throwIfAborted(signal);
      if ((await this.#day(day, { signal })) > 0) firstFailed ??= day;
      // A day that was not finished is the first one of the next run, even one that had been finished before.
      const next = firstFailed ?? dayAfter(day);
      if (reached !== undefined && (firstFailed === undefined ? next <= reached : next >= reached)) continue;
      reached = next;
      await marks.setCleanedUntil(reached, { signal });
    }
    return { removed: this.#removed, held: this.#heldNow, failed: this.#failed };
  }

  /** Crashes that were held and are not any more: their days are long behind us. */
  async #released({ signal }: CallOptions): Promise<void> {
    const { marks, held } = this.#options;
    const free = (await marks.held({ signal })).filter((id) => !held.has(id));
    await mapConcurrent(free, AT_ONCE, async (id) => {
      throwIfAborted(signal);
      if (await this.#remove(id, { signal })) await marks.forgetHeld(id, { signal });
    });
  }

  async #day(day: string, options: CallOptions): Promise<number> {
    const { held, marks } = this.#options;
    let failed = 0;
    for (let after = '', more = true; more; ) {
      const page = await idPage(this.#listing, day, after, options);
      const kept = page.ids.filter((id) => held.has(id));
      await marks.addHeld(kept, options);
      this.#heldNow += kept.length;
      const free = page.ids.filter((id) => !held.has(id));
      const results = await mapConcurrent(free, AT_ONCE, async (id) => {
        throwIfAborted(options.signal);
        return this.#remove(id, options);
      });
      failed += results.filter((isGone) => !isGone).length;
      after = page.ids.at(-1) ?? after;
      more = page.more;
    }
    return failed;
  }

  /**
   * Those that cannot list first: once a crash is gone from those that can, nobody would come back for the rest of it.
   * False when it is not gone for a reason of its own; rejects when a store is down.
   */
  async #remove(id: CrashId, options: CallOptions): Promise<boolean> {
    let wasThere = false;
    for (const store of [...this.#others, ...this.#listing]) {
      const outcome = await this.#removeFrom(store, id, options);
      // Those behind it keep the crash, so that it is found again.
      if (outcome === 'failed') return false;
      wasThere ||= outcome === 'removed';
    }
    this.#removed += wasThere ? 1 : 0;
    return true;
  }

  async #removeFrom(
    store: Remover,
    id: CrashId,
    options: CallOptions,
  ): Promise<'removed' | 'absent' | 'failed'> {
    try {
      return (await store.remove(id, options)) ? 'removed' : 'absent';
    } catch (error) {
      if (options.signal?.aborted || isDown(error)) throw error;
      this.#failed += 1;
      if (this.#failed <= NAMED_FAILURES)
        this.#options.log.error(
          { err: error, crash: id, store: store.name },
          'an old crash could not be removed',
        );
      return 'failed';
    }
  }

  /** `earliest` only in the first run: what was cleaned is looked at again for some days, not for years. */
  #begin(cleanedUntil: string | undefined, earliest: string): string {
    return cleanedUntil === undefined ? earliest : dayAfter(cleanedUntil, -this.#options.lookAgainDays);
  }
}
