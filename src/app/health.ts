/** Health of everything configured, by name: `ok`, or why not. */
import type { CallOptions } from '../model/report.ts';
import type { App } from './app.ts';

const LIMIT_MS = 5_000;

/** A store's errors begin with its name, under which the state is listed. */
function reasonOf(error: unknown, name: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text;
}

async function stateOf(name: string, check: () => Promise<unknown>): Promise<string> {
  try {
    const health = (await check()) as { degraded?: readonly string[] } | undefined;
    return health?.degraded?.length ? `degraded: ${health.degraded.join(', ')}` : 'ok';
  } catch (error) {
    return reasonOf(error, name);
  }
}

/** `ok`, or why the lists on disk are not those in use. A broken edit is no outage: the old lists go on working. */
export async function listsHealth(app: App): Promise<string> {
  try {
    const { broken } = (await app.signatures()).state;
    return broken === undefined ? 'ok' : `the old lists are in use: ${broken}`;
  } catch (error) {
    return reasonOf(error, 'signatures');
  }
}

/** Every configured store, and `queue`. A store that cannot be opened is listed with its reason. */
export async function storesHealth(
  app: App,
  options: CallOptions = {},
): Promise<Readonly<Record<string, string>>> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const checks = new Map<string, () => Promise<unknown>>();
  for (const name of app.configuration.stores.keys()) {
    checks.set(name, async () => (await (await app.stores()).get(name)).health({ signal }));
  }
  checks.set('queue', async () => (await app.queue()).health({ signal }));
  const states = await Promise.all(
    [...checks].map(async ([name, check]) => [name, await stateOf(name, check)] as const),
  );
  return Object.fromEntries(states);
}
