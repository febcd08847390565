/** The web site put together: guards, pages, errors. */
import cookie from '@fastify/cookie';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { registerServiceRoutes } from '../lib/service-routes.ts';
import { Sessions } from './access/session.ts';
import { Visitors } from './access/visitor.ts';
import { loadAssets } from './assets.ts';
import type { WebDeps } from './deps.ts';
import { registerErrorPages } from './error-handling.ts';
import { registerGuards } from './guard/guards.ts';
import { AllowedHosts } from './guard/hosts.ts';
import { watchRequests } from './metrics.ts';
import { parseVcsLinks } from './pages/source-link.ts';
import { registerAccess } from './routes/access.ts';
import { registerActions } from './routes/actions.ts';
import type { Pages } from './routes/context.ts';
import { createPages } from './routes/context.ts';
import { registerDownloads } from './routes/downloads.ts';
import { registerHome } from './routes/home.ts';
import { registerListVersion } from './routes/list-version.ts';
import { refuseOtherMethods } from './routes/methods.ts';
import { registerReport } from './routes/report.ts';
import { registerSample } from './routes/sample.ts';
import { registerStatic } from './routes/static.ts';
import type { WebSettings } from './settings.ts';

/** Forms of this site are a few fields; nothing is uploaded here. */
const BODY_LIMIT = 64 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const BAD_REQUEST = 400;
const MAX_PARAM_LENGTH = 512;

function createServer(deps: WebDeps): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreTrailingSlash: true, caseSensitive: true },
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      reply.code(BAD_REQUEST).type('text/plain').send('Bad request\n');
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => new URLSearchParams(body),
  );
  app.addHook('onClose', async () => deps.log.debug('web site closed'));
  return app;
}

const hostsOf = (settings: WebSettings): readonly string[] => [
  ...settings.allowed_hosts,
  settings.host,
  ...(settings.base_url ? [new URL(settings.base_url).host] : []),
];

/** All of the site but the listening; `inject` calls it without a socket. Throws `SettingsError`. */
export function createSite(deps: WebDeps, settings: WebSettings): FastifyInstance {
  const app = createServer(deps);
  const lifetimeMs = settings.session_lifetime;
  const sessions = new Sessions(deps.dataDir, deps.keys.signingSecret, deps.clock, lifetimeMs);
  const secure = settings.base_url.startsWith('https:');
  const visitors = new Visitors(sessions, { port: settings.port, secure, lifetimeMs });
  const assets = loadAssets();
  const pages: Pages = createPages({
    deps,
    settings,
    visitors,
    assets,
    vcsLinks: parseVcsLinks(settings.vcs_links),
  });

  // Hooks reach only routes that are registered after them, so cookies and guards come first.
  void app.register(cookie);
  void app.register((site, _options, done) => {
    watchRequests(site);
    registerErrorPages(site, pages);
    registerGuards(site, visitors, new AllowedHosts(hostsOf(settings)));
    const declared = refuseOtherMethods(site);
    registerServiceRoutes(site, { version: deps.version, heartbeat: () => deps.heartbeat() });
    registerStatic(site, assets);
    registerHome(site, pages);
    registerReport(site, pages);
    registerListVersion(site, pages);
    registerDownloads(site, pages);
    registerActions(site, pages);
    registerSample(site, pages);
    registerAccess(site, pages);
    declared();
    done();
  });
  return app;
}
