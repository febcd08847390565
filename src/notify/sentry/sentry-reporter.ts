/** Reports errors to a Sentry-compatible server, in the background, and never more than it wants. */
import { Agent, request } from 'undici';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { declareMetrics } from '../../lib/metrics.ts';
import type { ErrorEvent, ErrorReporter } from '../contract.ts';
import { type Dsn, parseDsn } from './dsn.ts';
import { envelopeOf, eventOf, type SentryEvent } from './event.ts';
import { pauseAfter } from './rate-limit.ts';

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
const CLIENT = 'auxilio/1';

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
  new SentryReporter(options, parseDsn(options.dsn));

class SentryReporter implements ErrorReporter {
  readonly #options: SentryReporterOptions;
  readonly #dsn: Dsn;
  readonly #clock: Clock;
  readonly #waiting: SentryEvent[] = [];
  readonly #stop = new AbortController();
  /** One connection: there is nothing to gain from sending two errors at once. */
  readonly #agent = new Agent({ connections: 1, pipelining: 1 });
  #sending: Promise<void> | undefined;
  /** Milliseconds since 1970. */
  #silentUntil = 0;
  #isClosed = false;

  constructor(options: SentryReporterOptions, dsn: Dsn) {
    this.#options = options;
    this.#dsn = dsn;
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
    await this.#agent.destroy();
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
    const response = await request(this.#dsn.url, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: {
        'content-type': 'application/x-sentry-envelope',
        'user-agent': CLIENT,
        'x-sentry-auth': `Sentry sentry_version=7, sentry_client=${CLIENT}, sentry_key=${this.#dsn.publicKey}`,
      },
      body: envelopeOf(event, now),
      signal: AbortSignal.any([
        this.#stop.signal,
        AbortSignal.timeout(this.#options.requestMs ?? REQUEST_MS),
      ]),
    });
    await response.body.dump();
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const pause = pauseAfter(
      {
        status: response.statusCode,
        retryAfter: header('retry-after'),
        rateLimits: header('x-sentry-rate-limits'),
      },
      now,
    );
    if (pause > 0) this.#silentUntil = now.getTime() + pause;
    if (response.statusCode < 300) return 'sent';
    this.#options.log.warn(
      { status: response.statusCode, pause },
      'the Sentry server refused an error report',
    );
    return 'refused';
  }
}
