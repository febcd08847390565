/** The dead-letter lane: looked at without taking anything away, put back, removed. */
import type { ConsumeMessage } from 'amqplib';
import type { CallOptions } from '../../model/report.ts';
import type { CrashTask, DeadSelection, DeadTask } from '../contract.ts';
import type { Timing } from '../timing.ts';
import type { ConsumeSession } from './consuming.ts';
import { copyOf, parseDead, returnsOf, taskMessage } from './message.ts';
import type { Publishing } from './publishing.ts';
import type { Topology } from './topology.ts';
import { MOST_LOOKS, type Page, type Walking } from './walking.ts';

export interface DeadLettersParts {
  readonly walking: Walking;
  readonly publishing: Publishing;
  readonly topology: Topology;
  readonly timing: Timing;
}

export class DeadLetters {
  readonly #parts: DeadLettersParts;

  constructor(parts: DeadLettersParts) {
    this.#parts = parts;
  }

  /** Nobody else can look, requeue or remove until the iteration ends. */
  list(options?: CallOptions): AsyncGenerator<DeadTask<CrashTask>> {
    return this.#parts.walking.whileAlone((session) => this.#list(session, options), options);
  }

  /** How many were put back into their lanes; what is no task stays. */
  requeue(which: DeadSelection, options?: CallOptions): Promise<number> {
    const { topology, publishing } = this.#parts;
    return this.#take(
      which,
      async ({ task, lane }) => {
        if (task === null) return false;
        await publishing.send(taskMessage(topology.lanes[lane], task, 0));
        return true;
      },
      options,
    );
  }

  remove(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#take(which, async () => true, options);
  }

  /** As `remove`, for one who is alone already. */
  async removeFrom(session: ConsumeSession, which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#takeFrom(session, which, async () => true, options);
  }

  async *#list(session: ConsumeSession, options?: CallOptions): AsyncGenerator<DeadTask<CrashTask>> {
    const { walking, topology } = this.#parts;
    for await (const page of walking.pages(session, topology.dead, options)) {
      for (const message of page.messages) yield parseDead(message);
      await this.#keepFromDropping(page, page.messages);
    }
  }

  #take(
    which: DeadSelection,
    move: (dead: DeadTask<CrashTask>) => Promise<boolean>,
    options?: CallOptions,
  ): Promise<number> {
    const { walking } = this.#parts;
    return walking.alone((session) => this.#takeFrom(session, which, move, options), options);
  }

  async #takeFrom(
    session: ConsumeSession,
    which: DeadSelection,
    move: (dead: DeadTask<CrashTask>) => Promise<boolean>,
    options?: CallOptions,
  ): Promise<number> {
    const { walking, topology } = this.#parts;
    const ids = which === 'all' ? undefined : new Set<string>(which.ids);
    let taken = 0;
    for await (const page of walking.pages(session, topology.dead, options)) {
      const kept: ConsumeMessage[] = [];
      for (const message of page.messages) {
        const dead = parseDead(message);
        const isChosen = !ids || (dead.task !== null && ids.has(dead.task.crashId));
        if (isChosen && (await move(dead))) {
          page.ack(message);
          taken += 1;
        } else kept.push(message);
      }
      await this.#keepFromDropping(page, kept);
    }
    return taken;
  }

  /** All of a page were looked at about as often, so that they keep their order. */
  async #keepFromDropping(page: Page, messages: readonly ConsumeMessage[]): Promise<void> {
    const { publishing, topology, timing } = this.#parts;
    for (const message of messages) {
      if (returnsOf(message) < MOST_LOOKS) continue;
      await publishing.send(copyOf(message, topology.dead, timing.now()));
      page.ack(message);
    }
  }
}
