/** One error as a Sentry event: https://develop.sentry.dev/sdk/foundations/transport/event-payloads/ */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { stackLines } from '../../lib/logged-error.ts';
import type { ErrorEvent } from '../contract.ts';
import { parseStack, type SentryFrame } from './stack-frames.ts';

export interface EventFacts {
  readonly environment: string;
  readonly release?: string | undefined;
  readonly now: Date;
}

interface SentryException {
  readonly type: string;
  readonly value: string;
  readonly stacktrace?: { readonly frames: readonly SentryFrame[] };
}

export interface SentryEvent {
  readonly event_id: string;
  readonly [field: string]: unknown;
}

const MAX_CAUSES = 5;
const MAX_TAG = 200;

/** Codes and class names are words of programs; anything longer is a sentence, and may quote a client. */
const WORD = /^[\w.:-]{1,64}$/;

const wordOf = (value: unknown): string | undefined => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && WORD.test(text) ? text : undefined;
};

/**
 * Messages stay here: they quote what could not be parsed, and that is what clients sent. The code and the place in
 * our source say what went wrong; the log says more.
 */
function exceptionOf(error: unknown): SentryException {
  if (!(error instanceof Error)) return { type: typeof error, value: 'thrown, but no error' };
  const frames = parseStack(stackLines(error));
  return {
    type: wordOf(error.name) ?? 'Error',
    value: wordOf((error as { readonly code?: unknown }).code) ?? 'no code',
    ...(frames.length > 0 ? { stacktrace: { frames } } : {}),
  };
}

/** The error and its causes, the first cause first, as Sentry orders them. */
function chainOf(error: unknown): SentryException[] {
  const chain: SentryException[] = [];
  const seen = new Set<unknown>();
  for (let next: unknown = error; chain.length < MAX_CAUSES && !seen.has(next); ) {
    seen.add(next);
    chain.unshift(exceptionOf(next));
    const cause = next instanceof Error ? next.cause : undefined;
    if (cause === undefined || cause === null) break;
    next = cause;
  }
  return chain;
}

export function eventOf(event: ErrorEvent, facts: EventFacts): SentryEvent {
  const tags = Object.entries(event.tags ?? {}).map(([key, value]) => [key, String(value).slice(0, MAX_TAG)]);
  return {
    event_id: randomUUID().replaceAll('-', ''),
    timestamp: facts.now.toISOString(),
    platform: 'node',
    level: 'error',
    logger: event.service,
    server_name: hostname(),
    environment: facts.environment,
    ...(facts.release ? { release: facts.release } : {}),
    tags: { ...Object.fromEntries(tags), service: event.service },
    contexts: { runtime: { name: 'node', version: process.version } },
    exception: { values: chainOf(event.error) },
  };
}

/** https://develop.sentry.dev/sdk/foundations/transport/envelopes/ */
export function envelopeOf(event: SentryEvent, sentAt: Date): Buffer {
  const payload = Buffer.from(JSON.stringify(event));
  const head = JSON.stringify({ event_id: event.event_id, sent_at: sentAt.toISOString() });
  const item = JSON.stringify({ type: 'event', content_type: 'application/json', length: payload.length });
  return Buffer.concat([Buffer.from(`${head}\n${item}\n`), payload, Buffer.from('\n')]);
}
