/** Raw and processed JSON, and dumps: with the cookie only, as attachments that no browser shows or runs. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MAIN_DUMP } from '../../model/main-dump.ts';
import type { Permission } from '../../search/permissions.ts';
import { metrics } from '../metrics.ts';
import { locked } from '../page-error.ts';
import { withinTime } from '../store-failure.ts';
import type { Pages } from './context.ts';
import { crashIdOf, value } from './query.ts';

const MAX_NAME = 150;

/** RFC 5987 `ext-value`: what `encodeURIComponent` leaves and the RFC does not allow is encoded as well. */
const encodeExtended = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /['()*!]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** RFC 6266: a plain name for everybody, the whole one for those who know `filename*`; never a path, never a dot file. */
export function attachment(name: string): string {
  const base =
    name
      .replace(/[\\/\p{Cc}\p{Cf}]/gu, '_')
      .replace(/^\.+/, '_')
      .slice(0, MAX_NAME) || 'file';
  const plain = base.replace(/[^\w .@+-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeExtended(base)}`;
}

/** How a dump is named on the visitor's disk. */
export const dumpFileName = (id: string, name: string): string =>
  name.startsWith(MAIN_DUMP)
    ? `${id}${name.slice(MAIN_DUMP.length).replace(/^_?/, (m) => (m ? '-' : ''))}.dmp`
    : `${id}-${name}`;

function prepare(reply: FastifyReply, name: string): FastifyReply {
  return reply
    .type('application/octet-stream')
    .header('content-disposition', attachment(name))
    .header('content-security-policy', "default-src 'none'; sandbox");
}

export function registerDownloads(app: FastifyInstance, pages: Pages): void {
  const { deps } = pages;

  const permit = (request: FastifyRequest, permission: Permission, what: string) => {
    const { id } = crashIdOf(request);
    if (!pages.visitor(request).viewer.permissions.has(permission))
      throw locked(`${what} may hold personal data.`);
    return id;
  };

  const json = (what: 'raw' | 'processed', read: 'readRaw' | 'readProcessed'): void => {
    app.get(`/report/${what}/:id`, async (request, reply) => {
      const id = permit(request, 'view_protected', `The ${what} crash`);
      const crash = await withinTime<object>((options) => deps.source[read](id, options), 'action');
      metrics.count('web_protected_reads_total', { what });
      return prepare(reply, `${id}-${what}.json`).send(`${JSON.stringify(crash, null, 2)}\n`);
    });
  };
  json('raw', 'readRaw');
  json('processed', 'readProcessed');

  app.get('/report/dump/:id', async (request, reply) => {
    const id = permit(request, 'view_dumps', 'A dump');
    const name = value(request, 'name') ?? MAIN_DUMP;
    const dump = await withinTime((options) => deps.source.readDump(id, name, options), 'action');
    prepare(reply, dumpFileName(id, name)).header('content-length', dump.size);
    if (request.method === 'HEAD') return reply.send();
    // Ends with the connection, not with the time limit of pages: dumps may be large and lines slow.
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    metrics.count('web_protected_reads_total', { what: 'dump' });
    deps.log.info({ crashId: id }, 'dump downloaded');
    return reply.send(await dump.open({ signal: gone.signal }));
  });
}
