/** A server that takes envelopes as a Sentry-compatible one does. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

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

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

export async function startSentry(): Promise<SentryServer> {
  const received: Received[] = [];
  const state: SentryServer = { dsn: '', received, answer: (response) => void response.end('{}') };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      received.push({ method: request.method, path: request.url, headers: request.headers, text, lines });
      state.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { dsn: `http://abc123:old-secret@127.0.0.1:${port}/base/42` });
}
