/** Removing the tasks of one crash from queues that can only be read from one end to the other. */
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { LANES, QueueError } from '../contract.ts';
import type { Timing } from '../timing.ts';
import type { ConsumeSession } from './consuming.ts';
import type { Control } from './control.ts';
import type { DeadLetters } from './dead-letters.ts';
import { copyOf, parseTask } from './message.ts';
import type { Publishing } from './publishing.ts';
import type { Topology } from './topology.ts';
import type { Walking } from './walking.ts';

export interface ForgettingParts {
  readonly walking: Walking;
  readonly publishing: Publishing;
  readonly control: Control;
  readonly dead: DeadLetters;
  readonly topology: Topology;
  readonly timing: Timing;
}

/** Copies on their way to the server at once. */
const AT_ONCE = 64;

export class Forgetting {
  readonly #parts: ForgettingParts;

  constructor(parts: ForgettingParts) {
    this.#parts = parts;
  }

  /**
   * In the order in which tasks move, hands first and again, so that none slips past. Whatever else waits is sent
   * anew: given back, it would look as if a process had died with it. Rejects with `unavailable` when a process does
   * not say whether it has the crash in hand.
   */
  forget(id: CrashId, options?: CallOptions): Promise<boolean> {
    const { walking, topology, dead } = this.#parts;
    return walking.alone(async (session) => {
      let found = await this.#hands(session, id);
      for (const lane of LANES)
        for (const queue of topology.delayQueues(lane))
          found += await this.#sweep(session, queue, id, options);
      for (const lane of LANES) found += await this.#sweep(session, topology.lanes[lane], id, options);
      found += await this.#hands(session, id);
      found += await dead.removeFrom(session, { ids: [id] }, options);
      return found > 0;
    }, options);
  }

  async #hands(session: ConsumeSession, id: CrashId): Promise<number> {
    const { sum, missing } = await this.#parts.control.ask(session, { forget: id });
    if (missing > 0)
      throw new QueueError(
        'unavailable',
        `${missing} of the processes that use the queue did not say whether they have the crash in hand; try again`,
      );
    return sum.priority + sum.standard + sum.reprocessing;
  }

  async #sweep(session: ConsumeSession, queue: string, id: CrashId, options?: CallOptions): Promise<number> {
    const { walking, publishing, timing } = this.#parts;
    let found = 0;
    for await (const page of walking.pages(session, queue, { ...options, keepsOrder: false })) {
      const kept = page.messages.filter((message) => parseTask(message)?.task.crashId !== id);
      found += page.messages.length - kept.length;
      await mapConcurrent(kept, AT_ONCE, (message) => publishing.send(copyOf(message, queue, timing.now())));
      page.ack(page.messages);
    }
    return found;
  }
}
