import { unusedPort } from './listening.ts';

/**
 * `reset`: every connection is reset. `black hole`: nothing goes through in either direction, and nobody is told.
 * `one-way`: requests arrive, answers do not. `latency`: answers take a second and a half longer.
 */
export type Cut = 'reset' | 'black hole' | 'one-way' | 'latency';

interface Toxic {
  readonly type: string;
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

const TOXICS: Readonly<Record<Cut, readonly Toxic[]>> = {
  reset: [{ type: 'reset_peer', stream: 'downstream', attributes: { timeout: 0 } }],
  'black hole': [
    { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } },
    { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } },
  ],
  'one-way': [{ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } }],
  latency: [{ type: 'latency', stream: 'downstream', attributes: { latency: 1500, jitter: 200 } }],
};

export interface EngineProxy {
  readonly host: string;
  readonly port: number;
  cut(how: Cut): Promise<void>;
  /** Connections made from now on work; those that were cut stay so until somebody closes them. */
  heal(): Promise<void>;
}

async function ask(url: string, method: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** A proxy in front of `upstream` (`host:port`). */
export async function proxyTo(toxiproxy: string, name: string, upstream: string): Promise<EngineProxy> {
  const port = await unusedPort();
  await ask(`${toxiproxy}/proxies`, 'POST', { name, listen: `127.0.0.1:${port}`, upstream, enabled: true });
  const toxics = `${toxiproxy}/proxies/${name}/toxics`;
  return {
    host: '127.0.0.1',
    port,
    async cut(how) {
      for (const [index, toxic] of TOXICS[how].entries())
        await ask(toxics, 'POST', { name: `${how.replace(' ', '-')}-${index}`, toxicity: 1, ...toxic });
    },
    async heal() {
      for (const { name: toxic } of (await ask(toxics, 'GET')) as readonly { readonly name: string }[])
        await ask(`${toxics}/${toxic}`, 'DELETE');
    },
  };
}
