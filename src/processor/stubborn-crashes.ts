/**
 * Crashes that an engine refuses again and again as if it were down, while it takes others: their own content does it, a
 * proxy's limit or a shard of their own. Without this they would be postponed for ever, and hold a worker each.
 *
 * An outage must never make poison (docs/architecture.md), not even one in which the engine says that it is well, or takes
 * one crash of two. So a crash is to blame only when it has failed for longer than `AFTER_MS`, often, and others were
 * processed since it began; and even then it has all its attempts, an hour apart.
 */
import type { CrashId } from '../model/crash-id.ts';
import type { Outcome } from '../queue/contract.ts';

/** An outage of an hour gives nothing up, however patchy it is. */
const AFTER_MS = 3_600_000;
const FAILURES = 5;
/** Between attempts of a crash that is to blame. */
const ATTEMPT_MS = 3_600_000;
/** How long it stands aside for others: at first, and at most. */
const ASIDE_MS = { first: 5_000, longest: 60_000 } as const;
/** There are never many; in a long outage the oldest are forgotten, and counted anew. */
const MOST = 1_000;

interface Trouble {
  readonly since: number;
  /** Crashes that this process had processed when it began. */
  readonly processedBefore: number;
  readonly failures: number;
}

export class StubbornCrashes {
  readonly #elapsed: () => number;
  readonly #troubles = new Map<CrashId, Trouble>();
  #processed = 0;

  /** `elapsed`: milliseconds on a clock that is never set. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  wentWell(id: CrashId): void {
    this.#troubles.delete(id);
    this.#processed += 1;
  }

  /**
   * What becomes of a crash when an engine could not be reached. First the consumer waits until the engines are well; a
   * crash that fails then too stands aside, because others must be tried to tell whose fault it is.
   */
  failed(id: CrashId, reason: string): Outcome {
    const now = this.#elapsed();
    const before = this.#troubles.get(id) ?? { since: now, processedBefore: this.#processed, failures: 0 };
    const trouble = { ...before, failures: before.failures + 1 };
    this.#troubles.delete(id);
    this.#troubles.set(id, trouble);
    for (const oldest of this.#troubles.keys()) {
      if (this.#troubles.size <= MOST) break;
      this.#troubles.delete(oldest);
    }
    const { since, processedBefore, failures } = trouble;
    const isAlone = this.#processed > processedBefore;
    if (isAlone && failures >= FAILURES && now - since >= AFTER_MS)
      return { kind: 'retry', reason: `${reason}, for this crash alone`, delayMs: ATTEMPT_MS };
    if (failures % 2 === 1) return { kind: 'postpone', reason };
    const delayMs = Math.min(ASIDE_MS.longest, ASIDE_MS.first * 2 ** Math.min(failures / 2 - 1, 20));
    return { kind: 'postpone', reason, delayMs };
  }
}
