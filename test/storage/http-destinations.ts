/** A store that sends to collectors which say what a test tells them to; all ends with the test. */
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { parseDestination } from '../../src/storage/http/destination.ts';
import { HttpStorage, type HttpStorageOptions } from '../../src/storage/http/http-storage.ts';
import { listening } from '../build/listening.ts';
import { type Answering, type SaidServer, saidServer } from '../build/said-server.ts';

const submit = (url: string): string => `${url}/submit`;

export async function destination(
  answering: Answering,
): Promise<{ readonly url: string; readonly heard: SaidServer['heard'] }> {
  const { url, heard, close } = await saidServer(answering);
  onTestFinished(close);
  return { url: submit(url), heard };
}

/** Takes connections and says nothing, ever: a network that swallows packets. */
export async function blackHole(): Promise<{ readonly url: string; readonly taken: () => number }> {
  let taken = 0;
  const server = createServer((socket) => {
    taken += 1;
    socket.on('error', () => undefined).pause();
  });
  const { url, close } = await listening(server);
  onTestFinished(close);
  return { url: submit(url), taken: () => taken };
}

export function openMirror(urls: readonly string[], options: Partial<HttpStorageOptions> = {}): HttpStorage {
  const store = new HttpStorage('mirror', {
    destinations: urls.map((url) => parseDestination(url, 100, 'URL')),
    token: '',
    gzip: false,
    userAgent: 'auxilio-submitter',
    timeoutMs: 5000,
    connectTimeoutMs: 5000,
    ...options,
  });
  onTestFinished(() => store.close());
  return store;
}
