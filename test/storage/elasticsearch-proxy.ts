/**
 * In front of a real Elasticsearch: what these jars cannot do themselves (log-in, TLS) a proxy does; what a server says in
 * trouble, a function says. All ends with the test.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { engine } from '../build/engines.ts';
import { listening } from '../build/listening.ts';

const state = engine('elasticsearch');

export const elasticsearchMissing: string | undefined = 'missing' in state ? state.missing : undefined;
/** Of the real server; only where it is not missing. */
export const elasticsearchUrl: string = 'url' in state ? state.url : 'http://127.0.0.1:9';
/** To stand behind a title. */
export const whySkipped: string = elasticsearchMissing ? ` (skipped: ${elasticsearchMissing})` : '';

const tlsFolder = join(import.meta.dirname, '../fixtures/tls');
/** Made for `localhost`, signed by itself. */
export const certificate = join(tlsFolder, 'localhost.crt');

export type Handler = (incoming: IncomingMessage, response: ServerResponse) => void;

/** Resolves with its URL. */
export async function serve(handler: Handler): Promise<string> {
  const { url, close } = await listening(createServer(handler));
  onTestFinished(close);
  return url;
}

/** Resolves with its port. */
export async function serveTls(handler: Handler): Promise<number> {
  const tls = { cert: readFileSync(certificate), key: readFileSync(join(tlsFolder, 'localhost.key')) };
  const { port, close } = await listening(createTlsServer(tls, handler));
  onTestFinished(close);
  return port;
}

/** To the real server and back. */
export const pass: Handler = (incoming, response) => {
  const { method, headers } = incoming;
  const onward = request(
    `${elasticsearchUrl}${incoming.url}`,
    { method, headers, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
};

export const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
  response.end(JSON.stringify(body));
};

export const refuse =
  (status: number, type: string, reason: string): Handler =>
  (incoming, response) => {
    incoming.resume();
    incoming.on('end', () => answer(response, status, { error: { type, reason }, status }));
  };
