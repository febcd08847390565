/** A connection that is kept up: made anew, after growing pauses, whenever it is lost, until it is closed. */
import type { ChannelModel } from 'amqplib';
import { isAborted, raceSignal } from '../../lib/abort.ts';
import { QueueError } from '../contract.ts';
import { growingPause, type Timing } from '../timing.ts';
import { type Connected, type ConnectParts, connect } from './connecting.ts';
import { metrics } from './metrics.ts';

/** What a connection carries while it stands. */
export interface Session {
  /** Ends what goes over it in order, so that nothing sent is overtaken by the connection's goodbye. */
  close(): Promise<void>;
}

export interface Beginning {
  readonly model: ChannelModel;
  /** Gives the connection up; a new one follows. */
  lose(reason: Error): void;
  /** False for the first connection of this object, true for those that follow a loss. */
  readonly isAgain: boolean;
}

export interface LinkParts<S extends Session> extends ConnectParts {
  readonly timing: Timing;
  begin(beginning: Beginning): Promise<S>;
  readonly onUp?: (session: S) => void;
  /** Before a new connection is tried. */
  readonly onDown?: (session: S) => void;
}

/** A connection that stood this long was a good one: the next pause is short again. */
const STABLE_MS = 5_000;
/** Callers wait for the next attempt when it is no further away than this; else they hear at once what failed. */
const SOON_MS = 1_000;

export class Link<S extends Session> {
  readonly #parts: LinkParts<S>;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #current: S | undefined;
  #next = Promise.withResolvers<S>();
  /** Set while the next attempt is far away. */
  #failure: unknown;

  constructor(parts: LinkParts<S>) {
    this.#parts = parts;
    this.#renew();
  }

  /** What stands now. */
  get current(): S | undefined {
    return this.#current;
  }

  /** Begins to connect; does nothing when that was done before. */
  start(): void {
    if (!this.#closing.signal.aborted) this.#running ??= this.#run();
  }

  /** Rejects with `QueueError` when the next attempt fails or is not near, and with `closed`. */
  async session(): Promise<S> {
    if (this.#closing.signal.aborted) throw new QueueError('closed', 'the queue is closed');
    if (this.#current) return this.#current;
    if (this.#failure !== undefined) throw this.#failure;
    this.start();
    return raceSignal(this.#next.promise, this.#closing.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** A fresh promise of the next session; nobody has to be waiting for it. */
  #renew(): void {
    this.#next = Promise.withResolvers<S>();
    this.#next.promise.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { timing, log, purpose } = this.#parts;
    const { signal } = this.#closing;
    let isAgain = false;
    for (let failures = 0; !signal.aborted; ) {
      const from = timing.elapsed();
      try {
        const lost = await this.#hold(isAgain);
        if (signal.aborted) return;
        metrics.count('rabbitmq_connections_lost', { connection: purpose });
        log.warn({ err: lost, purpose }, 'the connection to RabbitMQ was lost');
        isAgain = true;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error, purpose, failures }, 'RabbitMQ cannot be reached');
        this.#fail(error);
      }
      failures = timing.elapsed() - from > STABLE_MS ? 1 : failures + 1;
      await this.#pause(failures);
    }
  }

  /** Connects and waits until it is over; resolves with what ended it. */
  async #hold(isAgain: boolean): Promise<Error | undefined> {
    const { signal } = this.#closing;
    const connected = await connect(this.#parts, { signal });
    const session = await this.#begin(connected, isAgain);
    const { purpose } = this.#parts;
    metrics.set('rabbitmq_connected', 1, { connection: purpose });
    this.#current = session;
    this.#next.resolve(session);
    this.#parts.onUp?.(session);
    try {
      return await raceSignal(connected.over, signal);
    } catch (error) {
      if (!isAborted(error)) throw error;
      await Promise.race([session.close().catch(() => undefined), connected.over]);
      await connected.close();
      return undefined;
    } finally {
      metrics.set('rabbitmq_connected', 0, { connection: purpose });
      this.#current = undefined;
      this.#renew();
      this.#parts.onDown?.(session);
    }
  }

  async #begin(connected: Connected, isAgain: boolean): Promise<S> {
    const { model, destroy } = connected;
    const { confirm_timeout } = this.#parts.settings;
    const timer = setTimeout(() => destroy(new Error('the server did not answer in time')), confirm_timeout);
    try {
      return await raceSignal(this.#parts.begin({ model, lose: destroy, isAgain }), this.#closing.signal);
    } catch (error) {
      destroy(new Error('the connection could not be set up'));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #fail(error: unknown): void {
    this.#next.reject(error);
    this.#renew();
  }

  async #pause(failures: number): Promise<void> {
    const { timing, settings } = this.#parts;
    const ms = growingPause(failures, settings.reconnect_base, settings.reconnect_cap, timing.random);
    if (ms > SOON_MS)
      this.#failure = new QueueError('unavailable', 'RabbitMQ is away; it is tried again soon');
    try {
      await timing.sleep(ms, { signal: this.#closing.signal });
    } catch (error) {
      if (!isAborted(error)) throw error;
    } finally {
      this.#failure = undefined;
    }
  }
}
