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
        await publishing.send(taskMessage(topology.lanes[lane], task));
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
    for await (const page of this.#pages(session, options))
      for (const message of page.messages) yield parseDead(message);
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
    const ids = which === 'all' ? undefined : new Set<string>(which.ids);
    let taken = 0;
    for await (const page of this.#pages(session, options)) {
      const moved: ConsumeMessage[] = [];
      for (const message of page.messages) {
        const dead = parseDead(message);
        const isChosen = !ids || (dead.task !== null && ids.has(dead.task.crashId));
        if (isChosen && (await move(dead))) moved.push(message);
      }
      page.ack(moved);
      taken += moved.length;
    }
    return taken;
  }

  /** The first was looked at most often. All are sent anew or none, so that they keep their order. */
  async *#pages(session: ConsumeSession, options?: CallOptions): AsyncGenerator<Page> {
    const { walking, topology } = this.#parts;
    let isWornOut: boolean | undefined;
    for await (const page of walking.pages(session, topology.dead, { ...options, keepsOrder: true })) {
      const [first] = page.messages;
      isWornOut ??= first !== undefined && returnsOf(first) >= MOST_LOOKS;
      if (isWornOut) break;
      yield page;
    }
    if (!isWornOut) return;
    await this.#sendAnew(session);
    yield* walking.pages(session, topology.dead, { ...options, keepsOrder: true });
  }

  async #sendAnew(session: ConsumeSession): Promise<void> {
    const { walking, publishing, topology, timing } = this.#parts;
    for await (const page of walking.pages(session, topology.dead, { keepsOrder: true })) {
      for (const message of page.messages)
        await publishing.send(copyOf(message, topology.dead, timing.now()));
      page.ack(page.messages);
    }
  }
}
