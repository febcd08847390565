/** Looking through a queue from end to end, which the server has no means for, without losing or reordering anything. */
import type { Channel, ConsumeMessage } from 'amqplib';
import { isAborted, throwIfAborted } from '../../lib/abort.ts';
import { Semaphore } from '../../lib/concurrency.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueueError } from '../contract.ts';
import { growingPause, type Timing } from '../timing.ts';
import { openChannel } from './channels.ts';
import type { ConsumeSession } from './consuming.ts';
import type { Link } from './link.ts';
import type { Topology } from './topology.ts';

/** Messages in our memory at once. */
const PAGE = 200;
/** Somebody else took what was still to come. */
const QUIET_MS = 1_000;
/** RabbitMQ 4 drops, without a trace, what came back more than 20 times. */
export const MOST_LOOKS = 10;

export interface WalkingParts {
  readonly link: Link<ConsumeSession>;
  readonly topology: Topology;
  readonly timing: Timing;
}

export interface Page {
  readonly messages: readonly ConsumeMessage[];
  /** What is not acknowledged goes back to its place when the walk ends. */
  ack(message: ConsumeMessage): void;
}

export class Walking {
  readonly #parts: WalkingParts;
  readonly #ours = new Semaphore(1);

  constructor(parts: WalkingParts) {
    this.#parts = parts;
  }

  /** One walk at a time, in this process and in all others: what one has before its eyes, another would not see. */
  alone<T>(work: (session: ConsumeSession) => Promise<T>, options: CallOptions = {}): Promise<T> {
    return this.#ours.run(async () => {
      const session = await this.#parts.link.session();
      const lock = await this.#lock(session, options);
      try {
        return await work(session);
      } finally {
        if (!session.isLost()) await unlock(lock, this.#parts.topology.lock);
      }
    });
  }

  /** As `alone`, for one who reads on while it lasts. */
  async *whileAlone<T>(
    work: (session: ConsumeSession) => AsyncGenerator<T>,
    options: CallOptions = {},
  ): AsyncGenerator<T> {
    const begun = Promise.withResolvers<ConsumeSession>();
    const over = Promise.withResolvers<void>();
    const walk = this.alone((session) => {
      begun.resolve(session);
      return over.promise;
    }, options);
    walk.catch(begun.reject);
    try {
      yield* work(await begun.promise);
    } finally {
      over.resolve();
      await walk;
    }
  }

  /**
   * The messages that are in the queue now, oldest first. Each page comes over a consumer of its own: when it is
   * cancelled nothing follows what is acknowledged, and what is given back keeps its order, as it does not when
   * messages are fetched or given back one by one (RabbitMQ 3.10). Test: rabbitmq/dead-letters.test.ts "order".
   */
  async *pages(session: ConsumeSession, queue: string, { signal }: CallOptions = {}): AsyncGenerator<Page> {
    const channel = await openChannel(session.model);
    try {
      let left = await session.ready(queue);
      for (let number = 0; left > 0; number += 1) {
        throwIfAborted(signal);
        const messages = await page(channel, queue, number, Math.min(left, PAGE));
        if (messages.length === 0) break;
        left -= messages.length;
        yield { messages, ack: (message) => channel.ack(message) };
        left = Math.min(left, await session.ready(queue));
      }
    } finally {
      if (!session.isLost()) {
        channel.nackAll(true);
        await channel.close();
      }
    }
  }

  /** A queue that only one connection can have. https://www.rabbitmq.com/docs/queues#exclusive-queues */
  async #lock(session: ConsumeSession, { signal }: CallOptions): Promise<Channel> {
    const { topology, timing } = this.#parts;
    for (let step = 1; ; step += 1) {
      throwIfAborted(signal);
      const channel = await openChannel(session.model);
      try {
        await channel.assertQueue(topology.lock, { exclusive: true, autoDelete: true, durable: false });
        return channel;
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== 405) throw error;
      }
      try {
        await timing.sleep(growingPause(step, 20, 500, timing.random), signal ? { signal } : {});
      } catch (error) {
        if (isAborted(error)) throw new QueueError('aborted', 'the call was aborted', { cause: error });
        throw error;
      }
    }
  }
}

async function unlock(lock: Channel, queue: string): Promise<void> {
  await lock.deleteQueue(queue);
  await lock.close();
}

async function page(
  channel: Channel,
  queue: string,
  number: number,
  most: number,
): Promise<readonly ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  const full = Promise.withResolvers<void>();
  let quiet = setTimeout(full.resolve, QUIET_MS);
  channel.once('close', full.resolve);
  await channel.prefetch(most);
  // Consumers of one channel give back in the order of their tags.
  const consumerTag = `walk-${String(number).padStart(10, '0')}`;
  try {
    await channel.consume(
      queue,
      (message) => {
        if (!message) return full.resolve();
        messages.push(message);
        clearTimeout(quiet);
        if (messages.length >= most) full.resolve();
        else quiet = setTimeout(full.resolve, QUIET_MS);
      },
      { consumerTag },
    );
    await full.promise;
    await channel.cancel(consumerTag);
  } finally {
    clearTimeout(quiet);
    channel.removeListener('close', full.resolve);
  }
  return messages;
}
