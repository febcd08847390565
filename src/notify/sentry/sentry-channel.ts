/** Alerts as events of a Sentry-compatible server, one issue for each job. */
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Alert, AlertChannel } from '../alerts.ts';
import { parseDsn } from './dsn.ts';
import { eventOf, type SentryEvent } from './event.ts';
import { SentryClient } from './sentry-client.ts';
import { parseStack } from './stack-frames.ts';

export interface SentryChannelOptions {
  readonly dsn: string;
  readonly environment: string;
  readonly release?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** An alert says in words what an unhandled error may not: jobs quote no client. */
function alertEvent(alert: Alert, { environment, release }: SentryChannelOptions): SentryEvent {
  const { service, job, period, error, text, host } = alert;
  const tags = {
    ...(job === undefined ? {} : { job }),
    ...(period ? { period: `${period.from.toISOString()}/${period.to.toISOString()}` } : {}),
  };
  const event = eventOf({ service, error: undefined, tags }, { environment, release, now: alert.at });
  const frames = error ? parseStack(error.traceback) : [];
  const exception = error && {
    values: [
      { type: error.type, value: error.value, ...(frames.length > 0 ? { stacktrace: { frames } } : {}) },
    ],
  };
  const { exception: _, ...rest } = event;
  return {
    ...rest,
    event_id: event.event_id,
    server_name: host,
    logentry: { formatted: text },
    fingerprint: [service, job ?? text, error?.type ?? 'notice'],
    ...(error ? { extra: { traceback: error.traceback } } : {}),
    ...(exception ? { exception } : {}),
  };
}

/** Throws `SettingsError` for a malformed DSN; needs no server to start. */
export function openSentryChannel(options: SentryChannelOptions): AlertChannel {
  const client = new SentryClient(parseDsn(options.dsn));
  const { clock = systemClock } = options;
  return {
    name: 'sentry',
    label: 'the Sentry server',
    async send(alert, { signal }) {
      const never = new AbortController().signal;
      const { status } = await client.post(alertEvent(alert, options), clock.now(), signal ?? never);
      if (status >= 300) throw new Error(`the Sentry server answered ${status}`);
    },
    close: () => client.close(),
  };
}
