/** The collector's health. It is red only when the spool cannot accept: stores that are down are waited for. */
import { isAborted } from '../lib/abort.ts';
import type { Heartbeat } from '../lib/service-routes.ts';
import { SpoolError } from '../spool/contract.ts';
import type { CollectorDeps } from './contract.ts';

/** A load balancer gives up after a few seconds; a store that is slower than this is not healthy. */
const STORES_TIMEOUT_MS = 2000;

async function storesHealth(deps: CollectorDeps): Promise<Readonly<Record<string, string>>> {
  const signal = AbortSignal.timeout(STORES_TIMEOUT_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([deps.storesHealth({ signal }), late]);
  } catch (error) {
    return { stores: signal.aborted || isAborted(error) ? 'no answer in time' : 'health unknown' };
  }
}

async function spoolError(deps: CollectorDeps): Promise<string | undefined> {
  try {
    await deps.spool.health({ signal: AbortSignal.timeout(STORES_TIMEOUT_MS) });
    return undefined;
  } catch (error) {
    return error instanceof SpoolError ? error.code : 'internal';
  }
}

/** `status` is `ok`, `degraded` (a store is down or dumps are dropped) or `error`; `errors` is Socorro's list. */
export async function heartbeat(deps: CollectorDeps): Promise<Heartbeat> {
  const [stores, failed] = await Promise.all([storesHealth(deps), spoolError(deps)]);
  const spool = deps.spool.state();
  const down = Object.entries(stores).filter(([, state]) => state !== 'ok');
  const degraded = down.length > 0 || spool.room !== 'all';
  return {
    ok: failed === undefined,
    body: {
      status: failed === undefined ? (degraded ? 'degraded' : 'ok') : 'error',
      errors: failed === undefined ? [] : [{ name: 'spool', msg: failed }],
      spool,
      stores,
      degraded: down.map(([name]) => name),
    },
  };
}
