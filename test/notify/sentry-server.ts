/** A server that takes envelopes as a Sentry-compatible one does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { saidServer } from '../build/said-server.ts';

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The lines of the envelope, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

export interface SentryServer {
  readonly dsn: string;
  readonly received: Received[];
  /** What is done with each request; default: 200. */
  answer: (response: ServerResponse) => void;
}

/** It ends with the test. */
export async function startSentry(): Promise<SentryServer> {
  const received: Received[] = [];
  const state: SentryServer = { dsn: '', received, answer: (response) => void response.end('{}') };
  const { url, close } = await saidServer(({ method, url: path, headers, body }, response) => {
    const text = body.toString();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    received.push({ method, path, headers, text, lines });
    state.answer(response);
  });
  onTestFinished(close);
  return Object.assign(state, { dsn: `${url.replace('//', '//abc123:old-secret@')}/base/42` });
}
