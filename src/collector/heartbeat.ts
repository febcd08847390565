/** The collector's health. It is red only when the spool cannot accept: stores that are down are waited for. */
import type { Heartbeat } from '../lib/service-routes.ts';
import { SpoolError } from '../spool/contract.ts';
import type { CollectorDeps } from './contract.ts';

/** A load balancer gives up after a few seconds; a store that is slower than this is not healthy. */
const STORES_TIMEOUT_MS = 2000;

async function storesHealth(deps: CollectorDeps): Promise<Readonly<Record<string, string>>> {
  try {
    return await deps.storesHealth({ limitMs: STORES_TIMEOUT_MS });
  } catch (err) {
    deps.log.error({ err }, 'the health of the stores cannot be asked');
    return { stores: 'health unknown' };
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
