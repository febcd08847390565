/** Virtual hosts with random names on the running server, each for one test, removed with all that is in them. */
import { randomBytes } from 'node:crypto';
import { type Engine, engine } from '../../build/engines.ts';

export const server = engine('rabbitmq');

export const missing = 'missing' in server ? server.missing : undefined;

interface RabbitEngine extends Engine {
  /** Address of the management API. */
  readonly management: string;
}

export interface Vhost {
  readonly name: string;
  readonly url: string;
  /** Asks the management API; the path begins behind `/api/`. */
  ask(path: string, method?: string, body?: unknown): Promise<unknown>;
  remove(): Promise<void>;
}

export function running(): RabbitEngine {
  if ('missing' in server) throw new Error(server.missing);
  return server as RabbitEngine;
}

export async function ask(path: string, method = 'GET', body?: unknown): Promise<unknown> {
  const { management } = running();
  const response = await fetch(`${management}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

export async function newVhost(): Promise<Vhost> {
  const name = `auxilio-${randomBytes(6).toString('hex')}`;
  await ask(`vhosts/${name}`, 'PUT');
  await ask(`permissions/${name}/guest`, 'PUT', { configure: '.*', write: '.*', read: '.*' });
  const url = new URL(running().url);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    ask: (path, method, body) => ask(path.replace('{vhost}', name), method, body),
    remove: async () => void (await ask(`vhosts/${name}`, 'DELETE')),
  };
}
