/** What the web site counts. */
import type { FastifyInstance } from 'fastify';
import { declareMetrics } from '../lib/metrics.ts';

export const metrics = declareMetrics({
  web_requests_total: {
    type: 'counter',
    help: 'Requests to the web site by route pattern, method and status',
    labels: ['route', 'method', 'status'],
  },
  web_request_seconds: {
    type: 'histogram',
    help: 'Time from request to answer by route pattern',
    labels: ['route'],
  },
  web_links_opened_total: {
    type: 'counter',
    help: 'One-time links that were used, by whether they were good',
    labels: ['result'],
  },
  web_priority_requests_total: {
    type: 'counter',
    help: 'Crashes put into the priority lane because somebody looked at them',
  },
  web_protected_reads_total: {
    type: 'counter',
    help: 'Downloads of protected data: raw, processed, dump',
    labels: ['what'],
  },
});

const MS_PER_SECOND = 1000;

export function watchRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.count('web_requests_total', { route, method: request.method, status: reply.statusCode });
    metrics.observe('web_request_seconds', reply.elapsedTime / MS_PER_SECOND, { route });
  });
}
