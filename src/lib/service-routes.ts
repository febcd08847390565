/** What every HTTP service answers beside its own pages: liveness, health, version, metrics, a way to test alarms. */
import type { FastifyInstance } from 'fastify';
import { declareMetrics, registry } from './metrics.ts';

export interface Heartbeat {
  /** False answers 503. */
  readonly ok: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ServiceRoutes {
  /** What `/__version__` answers, e.g. `{ source, version, commit, build }`. */
  readonly version: Readonly<Record<string, unknown>>;
  /** May reject: the answer is 503 then, and says so without details. */
  heartbeat(): Promise<Heartbeat>;
}

/** Thrown by `/__broken__`, so that an operator can see an alarm arrive. */
export class BrokenOnPurposeError extends Error {
  override readonly name = 'BrokenOnPurposeError';
}

const metrics = declareMetrics({
  health_requests_total: {
    type: 'counter',
    help: 'Requests for `__heartbeat__`, `__lbheartbeat__`, `__version__` and `__broken__`, all services of the process',
    labels: ['route'],
  },
});

/** For services without pages: an unknown path is answered in one line of plain text. */
export function answerUnknownPaths(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('not found\n'));
}

/**
 * Registers `/__lbheartbeat__`, `/__heartbeat__`, `/__version__`, `/__broken__` and `/metrics`. Errors go to the
 * service's own error handler: `/__broken__` shows that it works.
 */
export function registerServiceRoutes(app: FastifyInstance, routes: ServiceRoutes): void {
  app.get('/__lbheartbeat__', async (_request, reply) => {
    metrics.count('health_requests_total', { route: 'lbheartbeat' });
    return reply.header('cache-control', 'no-store').type('application/json').send('');
  });
  app.get('/__version__', async () => {
    metrics.count('health_requests_total', { route: 'version' });
    return routes.version;
  });
  app.get('/__heartbeat__', async (_request, reply) => {
    metrics.count('health_requests_total', { route: 'heartbeat' });
    const { ok, body } = await beat(routes);
    return reply
      .code(ok ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(body);
  });
  app.get('/__broken__', async () => {
    metrics.count('health_requests_total', { route: 'broken' });
    throw new BrokenOnPurposeError('broken on purpose');
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

async function beat(routes: ServiceRoutes): Promise<Heartbeat> {
  try {
    return await routes.heartbeat();
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    const msg = typeof code === 'string' ? code : 'failed';
    return { ok: false, body: { status: 'error', errors: [{ name: 'heartbeat', msg }] } };
  }
}
