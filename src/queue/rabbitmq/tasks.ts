/**
 * Tasks taken from the lanes, and what becomes of them.
 *
 * They are fetched one by one (`basic.get`) when a handler is free, and not pushed: so the server has handed out exactly
 * what handlers work on, at most `concurrency` over all lanes. A consumer's prefetch counts for one queue alone, and
 * quorum queues refuse one for the whole channel (https://www.rabbitmq.com/docs/quorum-queues#global-qos); three lanes
 * would hold three times as many, which wait behind a long task here while another process is idle, and which the server
 * would count as returned when we stop (docs/decisions/rabbitmq-get.md). Test: rabbitmq/taking.test.ts "in hand".
 */
import type { GetMessage } from 'amqplib';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CrashTask, Lane } from '../contract.ts';
import { afterDeath } from '../death.ts';
import type { Claim, TaskSource } from '../dispatcher.ts';
import { metrics } from '../metrics.ts';
import { growingPause, type Timing } from '../timing.ts';
import type { ConsumeSession } from './consuming.ts';
import { type InHand, NOTHING } from './control.ts';
import type { Link } from './link.ts';
import {
  deadMessage,
  delayedMessage,
  type Found,
  keyOf,
  parseTask,
  returnsOf,
  taskMessage,
} from './message.ts';
import type { Publishing } from './publishing.ts';
import type { RabbitSettings } from './settings.ts';
import type { Topology } from './topology.ts';

export interface RabbitClaim extends Claim<CrashTask> {
  readonly message: GetMessage;
  /** Only there may it be acknowledged. */
  readonly session: ConsumeSession;
  readonly used: number;
  readonly isSuspect: boolean;
  readonly lost: AbortController;
}

export interface RabbitTasksParts {
  readonly link: Link<ConsumeSession>;
  readonly publishing: Publishing;
  readonly topology: Topology;
  readonly settings: RabbitSettings;
  readonly timing: Timing;
  readonly log: Log;
  /** A lane has something new for consumers of this process. */
  readonly onChange: () => void;
}

/** After we lost our own connection, what comes back comes back because of that: nobody died. */
const AFTERMATH_MS = 60_000;
/** RabbitMQ 4 drops, without a trace, what came back more than 20 times; it is sent anew long before. */
const MOST_RETURNS = 8;

export class RabbitTasks implements TaskSource<CrashTask, RabbitClaim> {
  readonly #parts: RabbitTasksParts;
  readonly #inHand = new Set<RabbitClaim>();
  /** Lanes that had nothing: they are looked at first, because to take from an empty queue costs the server a write. */
  readonly #empty = new Set<Lane>();
  /** Takes that the server is answering. */
  readonly #taking = new Set<Promise<unknown>>();
  /** When tasks were lost with their connection, by message. */
  readonly #lost = new Map<string, number>();

  constructor(parts: RabbitTasksParts) {
    this.#parts = parts;
  }

  async take(lane: Lane): Promise<RabbitClaim | undefined> {
    const session = this.#parts.link.current;
    if (!session) return undefined;
    const taking = this.#take(session, lane);
    this.#taking.add(taking);
    try {
      return await taking;
    } catch (error) {
      // Said already, once for all lanes, by the connection.
      if (session.isLost()) return undefined;
      throw error;
    } finally {
      this.#taking.delete(taking);
    }
  }

  idleMs(): number {
    return this.#parts.settings.poll_interval;
  }

  async done(claim: RabbitClaim): Promise<boolean> {
    return this.#putDown(claim);
  }

  async retry(claim: RabbitClaim, delayMs: number, used: number): Promise<boolean> {
    if (!this.#inHand.has(claim)) return false;
    await this.#sendAgain(claim.lane, { ...claim, used, isSuspect: false }, delayMs);
    return this.#putDown(claim);
  }

  /** Sent anew, because for the server whatever is given back was in the hands of somebody who died. */
  async release(claim: RabbitClaim): Promise<boolean> {
    if (!this.#inHand.has(claim)) return false;
    await this.#sendAgain(claim.lane, claim, 0);
    return this.#putDown(claim);
  }

  async bury(claim: RabbitClaim, reason: string): Promise<boolean> {
    if (!this.#inHand.has(claim)) return false;
    await this.#bury(claim.lane, claim.attempt, reason, claim.task);
    return this.#putDown(claim);
  }

  /**
   * Goes back into its lane at once: an outage may outlast the server's consumer time-out, another process may reach
   * the engine, and who dies while he waits has not died of this task. To go on with it means to take it again.
   */
  async hold(claim: RabbitClaim, held: boolean): Promise<boolean> {
    return held ? this.release(claim) : this.#inHand.has(claim);
  }

  /**
   * The server cannot be told, and a suspect that is given back would come up again at once: when a task beside it kills
   * the process now, for the first time, an attempt of this one is used too.
   */
  async wait(claim: RabbitClaim): Promise<boolean> {
    return this.#inHand.has(claim);
  }

  /** By lane; after what is just being handed over has come. */
  async count(): Promise<InHand> {
    await Promise.allSettled([...this.#taking]);
    const counts = { ...NOTHING };
    for (const { lane } of this.#inHand) counts[lane] += 1;
    return counts;
  }

  async forget(id: CrashId): Promise<InHand> {
    await Promise.allSettled([...this.#taking]);
    const counts = { ...NOTHING };
    for (const claim of [...this.#inHand].filter(({ task }) => task.crashId === id)) {
      this.#putDown(claim);
      claim.lost.abort(new Error('the crash was removed'));
      counts[claim.lane] += 1;
    }
    return counts;
  }

  /** The server gives what was in hand to somebody else now. */
  onDown(session: ConsumeSession): void {
    const now = this.#parts.timing.elapsed();
    for (const [key, at] of this.#lost) if (now - at > AFTERMATH_MS) this.#lost.delete(key);
    for (const claim of [...this.#inHand].filter((one) => one.session === session)) {
      this.#inHand.delete(claim);
      this.#lost.set(keyOf(claim.message), now);
      claim.lost.abort(new Error('the connection to RabbitMQ was lost'));
    }
    this.#empty.clear();
  }

  async #take(session: ConsumeSession, lane: Lane): Promise<RabbitClaim | undefined> {
    const queue = this.#parts.topology.lanes[lane];
    for (;;) {
      if (this.#empty.has(lane) && (await session.ready(queue)) === 0) return undefined;
      const message = await session.get(queue);
      if (!message) {
        this.#empty.add(lane);
        return undefined;
      }
      this.#empty.delete(lane);
      const claim = await this.#claim(session, lane, message);
      if (claim) return claim;
    }
  }

  /** Undefined when it went elsewhere. */
  async #claim(session: ConsumeSession, lane: Lane, message: GetMessage): Promise<RabbitClaim | undefined> {
    const found = parseTask(message);
    if (!found) await this.#bury(lane, 0, 'this is no task', message.content);
    else if (!(await this.#cameBack(lane, found, message))) return this.#hand(session, lane, found, message);
    if (!session.isLost()) session.ack(message);
    return undefined;
  }

  #hand(
    session: ConsumeSession,
    lane: Lane,
    { task, used, isSuspect }: Found,
    message: GetMessage,
  ): RabbitClaim | undefined {
    if (session.isLost()) return undefined;
    const lost = new AbortController();
    const attempt = used + 1;
    const claim = { task, lane, attempt, used, isSuspect, signal: lost.signal, lost, message, session };
    this.#inHand.add(claim);
    return claim;
  }

  /**
   * The server says how often a message came back, and not why. When nothing explains it, a process died with the task
   * in hand: an attempt. It is sent anew then, so that each death is seen once. True when it went elsewhere.
   * Tests: rabbitmq/kill.test.ts "poison", rabbitmq/restart.test.ts "no attempt".
   */
  async #cameBack(lane: Lane, found: Found, message: GetMessage): Promise<boolean> {
    const returns = returnsOf(message);
    if (returns === 0) return false;
    if (this.#isExplained(message)) {
      if (returns < MOST_RETURNS) return false;
      await this.#sendAgain(lane, found, 0);
      return true;
    }
    const { settings, timing } = this.#parts;
    const after = afterDeath(found, settings.max_attempts);
    const used = after === 'dead' ? found.used + 1 : after.used;
    metrics.count('queue_taken_back');
    this.#parts.log.warn({ crashId: found.task.crashId, lane, used }, 'a process died with the task in hand');
    if (after === 'dead') {
      await this.#bury(lane, used, 'the process died with the task in hand', found.task);
    } else {
      // The first time it may have been anything; a task that goes on killing its process waits longer and longer.
      const pause = found.isSuspect
        ? growingPause(used, settings.retry_base, settings.retry_cap, timing.random)
        : 0;
      await this.#sendAgain(lane, { ...found, ...after }, pause);
    }
    return true;
  }

  #isExplained(message: GetMessage): boolean {
    const againSince = this.#parts.link.current?.againSince;
    const isAftermath = againSince !== undefined && this.#parts.timing.elapsed() - againSince < AFTERMATH_MS;
    return this.#lost.delete(keyOf(message)) || isAftermath;
  }

  async #sendAgain(lane: Lane, found: Found, delayMs: number): Promise<void> {
    const { topology, publishing, timing, onChange } = this.#parts;
    // The server knows no part of a millisecond, and what lives for none is gone at once.
    if (delayMs >= 1) {
      const queue = topology.delayQueue(lane, delayMs);
      await publishing.send(delayedMessage(queue, found, delayMs, timing.now()));
    } else {
      await publishing.send(taskMessage(topology.lanes[lane], found.task, found));
      onChange();
    }
  }

  #bury(lane: Lane, used: number, reason: string, dead: CrashTask | Buffer): Promise<void> {
    const { topology, publishing, timing } = this.#parts;
    return publishing.send(
      deadMessage({ queue: topology.dead, lane, used, reason, now: timing.now() }, dead),
    );
  }

  /** False when it was not in hand any more: forgotten, or lost with its connection. */
  #putDown(claim: RabbitClaim): boolean {
    if (!this.#inHand.delete(claim)) return false;
    claim.session.ack(claim.message);
    return true;
  }
}
