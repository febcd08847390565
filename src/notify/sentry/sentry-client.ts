/** Posts events to a Sentry-compatible server. */
import { Agent, request } from 'undici';
import type { Dsn } from './dsn.ts';
import { envelopeOf, type SentryEvent } from './event.ts';
import { pauseAfter } from './rate-limit.ts';

const CLIENT = 'auxilio/1';

export interface Posted {
  readonly status: number;
  /** For how long nothing may be sent after this answer; 0 when at once. */
  readonly pauseMs: number;
}

export class SentryClient {
  readonly #dsn: Dsn;
  /** One connection: there is nothing to gain from sending two errors at once. */
  readonly #agent = new Agent({ connections: 1, pipelining: 1 });

  constructor(dsn: Dsn) {
    this.#dsn = dsn;
  }

  async post(event: SentryEvent, now: Date, signal: AbortSignal): Promise<Posted> {
    const response = await request(this.#dsn.url, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: {
        'content-type': 'application/x-sentry-envelope',
        'user-agent': CLIENT,
        'x-sentry-auth': `Sentry sentry_version=7, sentry_client=${CLIENT}, sentry_key=${this.#dsn.publicKey}`,
      },
      body: envelopeOf(event, now),
      signal,
    });
    await response.body.dump();
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const status = response.statusCode;
    const answer = { status, retryAfter: header('retry-after'), rateLimits: header('x-sentry-rate-limits') };
    return { status, pauseMs: pauseAfter(answer, now) };
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
