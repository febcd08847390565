/** What every request passes before a page sees it: Host, origin and form token; and what every answer carries. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Visitors } from '../access/visitor.ts';
import { PageError } from '../page-error.ts';
import type { AllowedHosts } from './hosts.ts';

const HEADERS: Readonly<Record<string, string>> = {
  // No script at all; styles and pictures are files of ours. Test: "nothing inline".
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not `no-referrer`: browsers then send `Origin: null` with forms, and the origin check needs it.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
};

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Probes of load balancers call by address; its answer is `{}`. */
const ANY_HOST = new Set(['/__lbheartbeat__']);

function checkHost(request: FastifyRequest, hosts: AllowedHosts): void {
  if (ANY_HOST.has(request.url) || hosts.has(request.headers.host)) return;
  throw new PageError(
    421,
    'Not under this name',
    'This site does not answer under the host name of the address. Its operator can add the name to WEB_ALLOWED_HOSTS.',
  );
}

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined;

/** A browser says where a form was sent from: in Origin, in Sec-Fetch-Site, mostly in both. */
function checkOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreign =
    (origin !== undefined && hostOf(origin) !== host?.toLowerCase()) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  if (foreign) throw new PageError(403, 'Not from here', 'This form was sent from another site.');
}

const formField = (request: FastifyRequest, name: string): string | undefined =>
  request.body instanceof URLSearchParams ? (request.body.get(name) ?? undefined) : undefined;

/** Name of the hidden field with the form token. */
export const TOKEN_FIELD = 'form_token';

function checkFormToken(request: FastifyRequest, visitors: Visitors): void {
  if (visitors.hasFormToken(request, formField(request, TOKEN_FIELD))) return;
  throw new PageError(
    403,
    'The form is out of date',
    'Go back, reload the page and send the form again. Cookies must be allowed for this site.',
  );
}

export function registerGuards(app: FastifyInstance, visitors: Visitors, hosts: AllowedHosts): void {
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(HEADERS);
    checkHost(request, hosts);
    if (!SAFE.has(request.method)) checkOrigin(request);
    await visitors.recognise(request);
  });
  app.addHook('preHandler', async (request) => {
    if (!SAFE.has(request.method) && !request.is404) checkFormToken(request, visitors);
  });
}
