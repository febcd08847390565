/** 405 instead of 404 for a page that exists and is called with another method. */
import type { FastifyInstance } from 'fastify';
import { PageError } from '../page-error.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** Remembers the routes registered from now on; call the result after the last one. */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const taken = new Map<string, Set<string>>();
  let done = false;
  app.addHook('onRoute', (route) => {
    if (done) return;
    const methods = taken.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) methods.add(method.toUpperCase());
    if (methods.has('GET')) methods.add('HEAD');
    taken.set(route.url, methods);
  });
  return () => {
    done = true;
    for (const [url, methods] of taken) {
      const others = METHODS.filter((method) => !methods.has(method));
      app.route({
        url,
        method: others,
        exposeHeadRoute: false,
        onRequest: async (_request, reply) => {
          reply.header('allow', [...methods].sort().join(', '));
          throw new PageError(405, 'Not this way', 'This page does not take requests of this kind.');
        },
        handler: async () => undefined,
      });
    }
  };
}
