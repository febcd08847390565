/** Reports errors to a Sentry-compatible server, in the background, and never more than it wants. */
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { declareMetrics } from '../../lib/metrics.ts';
import type { ErrorEvent, ErrorReporter } from '../contract.ts';
import { parseDsn } from './dsn.ts';
import { eventOf, type SentryEvent } from './event.ts';
import { SentryClient } from './sentry-client.ts';

const metrics = declareMetrics({
  notify_sentry_events: {
    type: 'counter',
    help: 'Errors for the Sentry-compatible server: sent, refused, failed, dropped_full, dropped_limited, dropped_closed',
    labels: ['outcome'],
  },
});

/** An error that comes in a storm says the same a hundred times. */
const MAX_WAITING = 100;
const REQUEST_MS = 10_000;
const CLOSE_MS = 3_000;

export interface SentryReporterOptions {
  readonly dsn: string;
  readonly environment?: string | undefined;
  readonly release?: string | undefined;
  readonly log: Log;
  /** Told of every event too. */
  readonly local: ErrorReporter;
  readonly clock?: Clock | undefined;
  /** How many may wait to be sent. */
  readonly maxWaiting?: number | undefined;
  readonly requestMs?: number | undefined;
  readonly closeMs?: number | undefined;
}

/** Throws `SettingsError` for a malformed DSN; needs no server to start. */
export const openSentryReporter = (options: SentryReporterOptions): ErrorReporter =>
  new SentryReporter(options, new SentryClient(parseDsn(options.dsn)));

class SentryReporter implements ErrorReporter {
  readonly #options: SentryReporterOptions;
  readonly #client: SentryClient;
  readonly #clock: Clock;
  readonly #waiting: SentryEvent[] = [];
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;
  /** Milliseconds since 1970. */
  #silentUntil = 0;
  #isClosed = false;

  constructor(options: SentryReporterOptions, client: SentryClient) {
    this.#options = options;
    this.#client = client;
    this.#clock = options.clock ?? systemClock;
  }

  report(event: ErrorEvent): void {
    this.#options.local.report(event);
    if (this.#isClosed) return;
    const refusal = this.#refusal();
    if (refusal) this.#drop(refusal);
    else this.#enqueue(event);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sending !== undefined) {
      const timer = setTimeout(() => this.#stop.abort(), this.#options.closeMs ?? CLOSE_MS);
      await this.#sending;
      clearTimeout(timer);
    }
    await this.#client.close();
    await this.#options.local.close();
  }

  #refusal(): string | undefined {
    if (this.#clock.now().getTime() < this.#silentUntil) return 'dropped_limited';
    return this.#waiting.length < (this.#options.maxWaiting ?? MAX_WAITING) ? undefined : 'dropped_full';
  }

  #enqueue(event: ErrorEvent): void {
    const { environment = 'development', release, log } = this.#options;
    try {
      this.#waiting.push(eventOf(event, { environment, release, now: this.#clock.now() }));
    } catch (error) {
      // An error object may be anything, with getters that throw; reporting must not make a second failure of it.
      this.#drop('failed');
      log.warn({ err: error }, 'an error could not be turned into a report');
      return;
    }
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  #drop(outcome: string, count = 1): void {
    metrics.count('notify_sentry_events', { outcome }, count);
  }

  /** Never rejects: whatever goes wrong is logged and counted. */
  async #sendAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) {
      const isClosing = this.#stop.signal.aborted;
      if (isClosing || this.#clock.now().getTime() < this.#silentUntil) {
        const count = 1 + this.#waiting.splice(0).length;
        this.#drop(isClosing ? 'dropped_closed' : 'dropped_limited', count);
        return;
      }
      try {
        metrics.count('notify_sentry_events', { outcome: await this.#send(event) });
      } catch (error) {
        metrics.count('notify_sentry_events', { outcome: 'failed' });
        this.#options.log.warn({ err: error }, 'an error could not be reported to the Sentry server');
      }
    }
  }

  async #send(event: SentryEvent): Promise<'sent' | 'refused'> {
    const now = this.#clock.now();
    const limit = AbortSignal.timeout(this.#options.requestMs ?? REQUEST_MS);
    const { status, pauseMs } = await this.#client.post(
      event,
      now,
      AbortSignal.any([this.#stop.signal, limit]),
    );
    if (pauseMs > 0) this.#silentUntil = now.getTime() + pauseMs;
    if (status < 300) return 'sent';
    this.#options.log.warn({ status, pause: pauseMs }, 'the Sentry server refused an error report');
    return 'refused';
  }
}
