/**
 * Sending, on a connection of its own: when the server is short of memory or disk it stops reading from those that
 * publish, and acknowledgements must not wait behind that.
 */
import type { ConfirmChannel, Message } from 'amqplib';
import { Semaphore } from '../../lib/concurrency.ts';
import { QueueError } from '../contract.ts';
import type { Timing } from '../timing.ts';
import { watch } from './channels.ts';
import type { ConnectParts } from './connecting.ts';
import { type Beginning, Link, type Session } from './link.ts';
import type { Outgoing } from './message.ts';
import { metrics } from './metrics.ts';
import type { Topology } from './topology.ts';

interface PublishSession extends Session {
  readonly channel: ConfirmChannel;
  /** Why the server reads nothing from us now. */
  blocked(): string | undefined;
  /** Set while the channel's buffer is full. */
  draining: PromiseWithResolvers<void> | undefined;
  /** By message id: those that came back although they are confirmed. */
  readonly returned: Set<string>;
  /** Makes the queues again that somebody has deleted. */
  redeclare(): void;
  lose(reason: Error): void;
  tell(exchange: string, queue: string, body: Buffer): void;
}

export interface PublishingParts extends Omit<ConnectParts, 'purpose'> {
  readonly topology: Topology;
  readonly timing: Timing;
}

export class Publishing {
  readonly #parts: PublishingParts;
  readonly #link: Link<PublishSession>;
  readonly #places: Semaphore;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
    this.#places = new Semaphore(Math.max(1, parts.settings.max_unconfirmed));
    this.#link = new Link({
      ...parts,
      purpose: 'publishing',
      begin: (beginning) => this.#begin(beginning),
      onDown: () => metrics.set('rabbitmq_blocked', 0),
    });
  }

  /**
   * Resolves once the server has it durably in the queue. Rejects with `unavailable` when it may not have it: the
   * connection was lost, no confirmation came in time, or there is no such queue; with `full` when it refuses.
   */
  send(message: Outgoing): Promise<void> {
    return this.#places.run(async () => {
      await this.#confirmed(await this.#link.session(), message);
    });
  }

  /** To all processes, or to the queue of one: sent when a connection stands, and nobody answers for it. */
  async tell(exchange: string, queue: string, body: Buffer): Promise<void> {
    (await this.#link.session()).tell(exchange, queue, body);
  }

  /** Rejects when nothing can be sent now. */
  async health(): Promise<void> {
    const session = await this.#link.session();
    const reason = session.blocked();
    if (reason !== undefined) throw blockedError(reason);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #begin({ model, lose }: Beginning): Promise<PublishSession> {
    const { topology, log } = this.#parts;
    await topology.declareOn(model);
    const confirming = watch(await model.createConfirmChannel(), lose);
    const plain = watch(await model.createChannel(), lose);
    let blocked: string | undefined;
    model.on('blocked', (reason) => {
      blocked = reason;
      metrics.set('rabbitmq_blocked', 1);
      log.warn({ reason }, 'RabbitMQ takes no tasks: its memory or disk is short');
    });
    model.on('unblocked', () => {
      blocked = undefined;
      metrics.set('rabbitmq_blocked', 0);
      log.info('RabbitMQ takes tasks again');
    });
    const session: PublishSession = {
      channel: confirming.channel,
      returned: new Set(),
      draining: undefined,
      lose,
      blocked: () => blocked,
      redeclare: () => void topology.declareOn(model).catch((error: unknown) => lose(error as Error)),
      tell: (exchange, queue, body) => void plain.channel.publish(exchange, queue, body),
      async close() {
        await confirming.close();
        await plain.close();
      },
    };
    confirming.channel.on('drain', () => {
      session.draining?.resolve();
      session.draining = undefined;
    });
    // The server returns a message before it confirms it: https://www.rabbitmq.com/docs/confirms
    confirming.channel.on('return', ({ properties }: Message) => {
      session.returned.add(String(properties.messageId));
    });
    return session;
  }

  async #confirmed(session: PublishSession, message: Outgoing): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const limit = this.#parts.settings.confirm_timeout;
    const from = performance.now();
    const timer = setTimeout(() => {
      const reason = session.blocked();
      if (reason !== undefined) return reject(blockedError(reason));
      reject(new QueueError('unavailable', `RabbitMQ has not confirmed the task within ${limit} ms`));
      session.lose(new Error('no confirmation in time'));
    }, limit);
    try {
      if (session.draining) await Promise.race([session.draining.promise, promise]);
      this.#publish(session, message, (error: unknown) => {
        if (session.returned.delete(message.options.messageId)) reject(this.#unroutable(session, message));
        else if (error) reject(refusal(error));
        else resolve();
      });
      await promise;
      metrics.observe('rabbitmq_confirm_seconds', (performance.now() - from) / 1000);
    } finally {
      clearTimeout(timer);
    }
  }

  #publish(session: PublishSession, message: Outgoing, settle: (error: unknown) => void): void {
    const { queue, body, options } = message;
    try {
      const takesMore = session.channel.publish('', queue, body, options, settle);
      if (!takesMore) session.draining ??= Promise.withResolvers();
    } catch (cause) {
      // amqplib throws what it knows at once: a channel that is closed.
      throw new QueueError('unavailable', 'the connection to RabbitMQ is lost', { cause });
    }
  }

  #unroutable(session: PublishSession, message: Outgoing): QueueError {
    metrics.count('rabbitmq_unroutable');
    session.redeclare();
    return new QueueError(
      'unavailable',
      `RabbitMQ has no queue ${message.queue}: somebody deleted it; it is made again, try again`,
    );
  }
}

const blockedError = (reason: string): QueueError =>
  new QueueError('full', `RabbitMQ takes no tasks now (${reason}); free memory or disk there`);

/** amqplib tells them apart by their text alone. */
function refusal(cause: unknown): QueueError {
  const isNack = cause instanceof Error && cause.message === 'message nacked';
  return isNack
    ? new QueueError('full', 'RabbitMQ refuses the task: a limit of the queue, or no majority of its nodes', {
        cause,
      })
    : new QueueError('unavailable', 'the connection to RabbitMQ was lost before it confirmed the task', {
        cause,
      });
}
