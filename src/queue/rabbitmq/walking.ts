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
const SETTLE_POLL_MS = 5;
/** RabbitMQ 4 drops, without a trace, what came back more than 20 times. */
export const MOST_LOOKS = 10;

export interface WalkingParts {
  readonly link: Link<ConsumeSession>;
  readonly topology: Topology;
  readonly timing: Timing;
}

export interface Page {
  readonly messages: readonly ConsumeMessage[];
  /** Once for each page. What is not acknowledged goes back to its place when the walk ends. */
  ack(chosen: readonly ConsumeMessage[]): void;
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
   * cancelled nothing follows what is acknowledged. What is given back goes behind all that was given back before
   * (RabbitMQ 3.10), so that the order stays only when everything is taken before anything is given back, and not one
   * by one: with `keepsOrder`, who stops early has the walk finished for him. Test: rabbitmq/dead-letters.test.ts "order".
   */
  async *pages(
    session: ConsumeSession,
    queue: string,
    { signal, keepsOrder }: CallOptions & { readonly keepsOrder: boolean },
  ): AsyncGenerator<Page> {
    const channel = await openChannel(session.model);
    const walk = allPages(session, channel, queue);
    let kept = 0;
    try {
      for (;;) {
        throwIfAborted(signal);
        const { value: messages } = await walk.next();
        if (!messages) break;
        const keptBefore = kept;
        kept += messages.length;
        const ack: Page['ack'] = (chosen) => {
          acknowledge(channel, chosen, keptBefore === 0 && chosen.length === messages.length);
          kept -= chosen.length;
        };
        yield { messages, ack };
      }
    } finally {
      while (keepsOrder && !session.isLost()) {
        const { value } = await walk.next();
        if (!value) break;
        kept += value.length;
      }
      if (!session.isLost()) {
        channel.nackAll(true);
        await this.#settled(session, queue, kept);
        await channel.close();
      }
    }
  }

  /**
   * A channel with much to tell its queue does so bit by bit, and forgets the rest when it is closed (RabbitMQ 3.10):
   * what was acknowledged would come back. What is given back comes last, so that it shows that all was told.
   */
  async #settled(session: ConsumeSession, queue: string, kept: number): Promise<void> {
    const { timing } = this.#parts;
    for (const end = timing.elapsed() + QUIET_MS; timing.elapsed() < end; ) {
      if ((await session.ready(queue)) >= kept) return;
      await timing.sleep(SETTLE_POLL_MS);
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

/** `isAll`: nothing before it is kept, so that one word says it of everything. */
function acknowledge(channel: Channel, chosen: readonly ConsumeMessage[], isAll: boolean): void {
  const last = chosen.at(-1);
  if (isAll && last) channel.ack(last, true);
  else for (const message of chosen) channel.ack(message);
}

async function* allPages(
  session: ConsumeSession,
  channel: Channel,
  queue: string,
): AsyncGenerator<readonly ConsumeMessage[], undefined> {
  let left = await session.ready(queue);
  for (let number = 0; left > 0; number += 1) {
    const messages = await page(channel, queue, number, Math.min(left, PAGE));
    if (messages.length === 0) return undefined;
    yield messages;
    left = Math.min(left - messages.length, await session.ready(queue));
  }
  return undefined;
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
