/** `/static`: names hold a digest, so that browsers may keep them for ever. */
import type { FastifyInstance } from 'fastify';
import type { Assets } from '../assets.ts';

const FOR_EVER = 'public, max-age=31536000, immutable';
const A_DAY = 'public, max-age=86400';

export function registerStatic(app: FastifyInstance, assets: Assets): void {
  for (const asset of [assets.style, assets.icon]) {
    app.get(asset.url, async (_request, reply) =>
      reply.type(asset.type).header('cache-control', FOR_EVER).send(asset.bytes),
    );
  }
  app.get('/favicon.ico', async (_request, reply) =>
    reply.type(assets.icon.type).header('cache-control', A_DAY).send(assets.icon.bytes),
  );
  app.get('/robots.txt', async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('User-agent: *\nDisallow: /\n'),
  );
}
