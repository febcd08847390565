/** Health and metrics of the crontabber, over HTTP. */
import { fastify } from 'fastify';
import type { Log } from '../lib/log.ts';
import { answerUnknownPaths, type Heartbeat, registerServiceRoutes } from '../lib/service-routes.ts';
import { measureStandings, type Standing } from './standing.ts';

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  readonly version: Readonly<Record<string, unknown>>;
  readonly log: Log;
  /** Asked anew for each request; rejects when the database is down, and the answer is 503 then. */
  standings(): Promise<readonly Standing[]>;
}

export interface HealthServer {
  /** `http://127.0.0.1:8003` */
  readonly address: string;
  close(): Promise<void>;
}

export function heartbeatOf(standings: readonly Standing[]): Heartbeat {
  const jobs = standings.map(({ job, word, state }) => [
    job.name,
    {
      state: word,
      last_success: state?.lastSuccess?.toISOString() ?? null,
      done_until: state?.doneUntil?.toISOString() ?? null,
      error_count: state?.errorCount ?? 0,
    },
  ]);
  const ok = standings.every(({ isFailed, isLate }) => !isFailed && !isLate);
  return { ok, body: { status: ok ? 'ok' : 'error', jobs: Object.fromEntries(jobs) } };
}

/** Rejects when the port is taken. The caller closes it. */
export async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = fastify({ logger: false });
  answerUnknownPaths(server);
  server.setErrorHandler(async (error, request, reply) => {
    options.log.error({ err: error, route: request.url }, 'a request failed');
    return reply.code(500).send({ error: 'internal' });
  });
  // Whoever scrapes /metrics sees how jobs of every process stand.
  server.addHook('onRequest', async (request) => {
    if (request.url !== '/metrics') return;
    try {
      measureStandings(await options.standings());
    } catch (error) {
      options.log.warn({ err: error }, 'the states of the jobs could not be read');
    }
  });
  registerServiceRoutes(server, {
    version: options.version,
    async heartbeat() {
      const standings = await options.standings();
      measureStandings(standings);
      return heartbeatOf(standings);
    },
  });
  const address = await server.listen({ host: options.host, port: options.port });
  return { address, close: () => server.close() };
}
