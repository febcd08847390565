/** Messages for the people who watch: to every configured channel, in the background. */
import { AbortedError } from '../lib/abort.ts';
import type { Log } from '../lib/log.ts';
import { declareMetrics } from '../lib/metrics.ts';
import { Retries } from '../lib/retries.ts';
import type { CallOptions } from '../model/report.ts';

const metrics = declareMetrics({
  notify_alerts_total: {
    type: 'counter',
    help: 'Messages to the channels mail, webhook and sentry: sent, failed (every attempt), dropped_full',
    labels: ['channel', 'outcome'],
  },
});

export interface AlertError {
  readonly type: string;
  readonly value: string;
  /** Lines. */
  readonly traceback: string;
}

export interface Alert {
  readonly service: string;
  readonly host: string;
  readonly at: Date;
  /** One line without client data. */
  readonly text: string;
  readonly job?: string | undefined;
  readonly period?: { readonly from: Date; readonly to: Date } | undefined;
  readonly error?: AlertError | undefined;
}

/** One way to people. Tries once; whoever sends decides what a failure means. */
export interface AlertChannel {
  /** For the log: `mail to ops@example.org`; never with a secret. */
  readonly label: string;
  readonly name: 'mail' | 'webhook' | 'sentry';
  /** Resolves when the other side has taken it. Rejects when it has not. */
  send(alert: Alert, options: CallOptions): Promise<void>;
  close(): Promise<void>;
}

export interface Alerts {
  readonly channels: readonly AlertChannel[];
  /** Never throws and never waits: failures are logged and counted. */
  send(alert: Alert): void;
  /** Waits, within its own limit, for what is on its way; says what it could not send. */
  close(): Promise<void>;
}

/** A job that fails every five minutes for a day while a channel is down. */
const MAX_WAITING = 300;
const DELAYS_MS: readonly number[] = [5_000, 30_000, 120_000, 600_000];
const LOG_EVERY_MS = 60_000;
const CLOSE_MS = 10_000;
const SEND_MS = 30_000;

export interface AlertsOptions {
  readonly log: Log;
  /** Between attempts. */
  readonly delaysMs?: readonly number[] | undefined;
  readonly closeMs?: number | undefined;
  readonly sendMs?: number | undefined;
}

/** What waits for one channel; another that is down does not hold it up. */
class Outbox {
  readonly channel: AlertChannel;
  readonly #options: AlertsOptions;
  readonly #waiting: Alert[] = [];
  readonly #retries: Retries;
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;

  constructor(channel: AlertChannel, options: AlertsOptions) {
    this.channel = channel;
    this.#options = options;
    this.#retries = new Retries({
      kind: 'limited',
      delaysMs: options.delaysMs ?? DELAYS_MS,
      logEveryMs: LOG_EVERY_MS,
      isOperational: () => true,
    });
  }

  add(alert: Alert): void {
    if (this.#waiting.length >= MAX_WAITING) {
      metrics.count('notify_alerts_total', { channel: this.channel.name, outcome: 'dropped_full' });
      this.#options.log.error(
        { channel: this.channel.label, job: alert.job },
        'an alert was dropped: too many wait',
      );
      return;
    }
    this.#waiting.push(alert);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async close(): Promise<void> {
    // What has failed once is not tried again, so that a channel that is down holds nobody up.
    this.#retries.end();
    if (this.#sending !== undefined) {
      const timer = setTimeout(() => this.#stop.abort(), this.#options.closeMs ?? CLOSE_MS);
      await this.#sending;
      clearTimeout(timer);
    }
    await this.channel.close();
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    for (let alert = this.#waiting.shift(); alert; alert = this.#waiting.shift()) await this.#sendOne(alert);
  }

  async #sendOne(alert: Alert): Promise<void> {
    const { log, sendMs = SEND_MS } = this.#options;
    const { name, label } = this.channel;
    const attempt = (): Promise<void> => {
      if (this.#stop.signal.aborted) throw new AbortedError('the process ends');
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(sendMs)]);
      return this.channel.send(alert, { signal });
    };
    try {
      await this.#retries.run(async () => attempt(), {
        onWaiting: ({ error, leftMs }) =>
          log.warn({ err: error, channel: label, nextInMs: leftMs }, 'an alert waits for its channel'),
      });
      metrics.count('notify_alerts_total', { channel: name, outcome: 'sent' });
    } catch (error) {
      metrics.count('notify_alerts_total', { channel: name, outcome: 'failed' });
      log.error(
        { err: error, channel: label, job: alert.job, alert: alert.text },
        'an alert could not be sent',
      );
    }
  }
}

/** Closing it closes the channels. */
export function alertsTo(channels: readonly AlertChannel[], options: AlertsOptions): Alerts {
  const boxes = channels.map((channel) => new Outbox(channel, options));
  return {
    channels,
    send(alert) {
      for (const box of boxes) box.add(alert);
    },
    async close() {
      await Promise.all(boxes.map((box) => box.close()));
    },
  };
}
