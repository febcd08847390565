/** Somebody looks at a crash that is not processed: it goes to the priority lane, at most once a minute (socorro.md §9.2). */
import type { Clock } from '../lib/clock.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';
import type { CrashQueue } from '../queue/contract.ts';
import { metrics } from './metrics.ts';

const PAUSE_MS = 60_000;
/** Ids remembered; with more than this in a minute the oldest may be asked for again, which is harmless. */
const MAX_REMEMBERED = 10_000;

export class PriorityRequests {
  readonly #queue: CrashQueue;
  readonly #clock: Clock;
  /** Insertion order is time order: an id is put in again only after it was taken out. */
  readonly #asked = new Map<CrashId, number>();

  constructor(queue: CrashQueue, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** True when it was published now; false within the pause. Rejects with `QueueError`, and may then be asked again at once. */
  async ask(id: CrashId, options?: CallOptions): Promise<boolean> {
    const now = this.#clock.now().getTime();
    this.#forgetBefore(now - PAUSE_MS);
    if (this.#asked.has(id)) return false;
    this.#asked.set(id, now);
    try {
      await this.#queue.publish({ crashId: id }, 'priority', options);
    } catch (error) {
      this.#asked.delete(id);
      throw error;
    }
    metrics.count('web_priority_requests_total');
    return true;
  }

  #forgetBefore(limit: number): void {
    for (const [id, at] of this.#asked) {
      if (at > limit && this.#asked.size < MAX_REMEMBERED) return;
      this.#asked.delete(id);
    }
  }
}
