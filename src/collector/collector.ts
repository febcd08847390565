/** The collector: an HTTP server that lands uploads in the spool. It knows no store: what it needs is handed in. */
import type { Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { answerUnknownPaths, registerServiceRoutes } from '../lib/service-routes.ts';
import type { Address, Collector, CollectorDeps } from './contract.ts';
import { heartbeat } from './heartbeat.ts';
import { Intake } from './intake.ts';
import { loadProtocols } from './load-protocols.ts';
import { MemoryBudget } from './memory-budget.ts';
import { metrics } from './metrics.ts';
import type { CollectorSettings } from './settings.ts';

/** Node looks for connections past their header and request time-outs this often. */
const CONNECTION_CHECK_MS = 2000;
/** Time for the last answer after a body has used up all of its own. */
const ANSWER_SLACK_MS = 30_000;
/** All request headers and the URL together; Node answers 431 past it. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Codes of Node's HTTP parser that are worth telling from plain nonsense. */
const TOLD_APART: Readonly<Record<string, { readonly code: string; readonly status: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'header_overflow', status: '431 Request Header Fields Too Large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'chunk_overflow', status: '413 Payload Too Large' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'timeout', status: '408 Request Timeout' },
};
const NONSENSE = { code: 'bad_syntax', status: '400 Bad Request' };

function refuseBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { code, status } = TOLD_APART[error.code ?? ''] ?? NONSENSE;
  metrics.count('collector_http_errors_total', { code });
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

class HttpCollector implements Collector {
  readonly #deps: CollectorDeps;
  readonly #settings: CollectorSettings;
  readonly #app: FastifyInstance;
  readonly #uploads = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(deps: CollectorDeps, settings: CollectorSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#app = fastify({
      logger: false,
      forceCloseConnections: 'idle',
      keepAliveTimeout: settings.keep_alive,
      requestTimeout: settings.header_timeout + settings.body_timeout + ANSWER_SLACK_MS,
      clientErrorHandler: refuseBrokenHttp,
      http: {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: settings.header_timeout,
        connectionsCheckingInterval: CONNECTION_CHECK_MS,
      },
    });
  }

  async listen(): Promise<Address> {
    const app = this.#app;
    const { host, port } = this.#settings;
    app.server.maxConnections = this.#settings.max_connections;
    app.server.on('drop', () => metrics.count('collector_refused_connections_total'));
    this.#handleErrors();
    registerServiceRoutes(app, {
      version: this.#deps.version,
      heartbeat: () => heartbeat(this.#deps),
    });
    const context = {
      deps: this.#deps,
      settings: this.#settings,
      intake: new Intake(this.#deps, this.#settings, () => this.#closing !== undefined),
      memory: new MemoryBudget(this.#settings.upload_memory),
      track: <T>(upload: Promise<T>) => this.#track(upload),
    };
    for (const protocol of await loadProtocols(this.#settings.protocols)) protocol.register(app, context);
    await app.listen({ host, port });
    const address = app.server.address();
    if (address === null || typeof address === 'string') throw new Error('the collector has no TCP address');
    this.#deps.log.info({ host: address.address, port: address.port }, 'collector listens');
    return { host: address.address, port: address.port };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const cut = setTimeout(() => this.#app.server.closeAllConnections(), this.#settings.close_timeout);
    try {
      await this.#app.close();
      await Promise.allSettled(this.#uploads);
    } finally {
      clearTimeout(cut);
    }
  }

  #track<T>(upload: Promise<T>): Promise<T> {
    this.#uploads.add(upload);
    metrics.set('collector_uploads', this.#uploads.size);
    return upload.finally(() => {
      this.#uploads.delete(upload);
      metrics.set('collector_uploads', this.#uploads.size);
    });
  }

  /** Faults of our own are logged and reported, and told to nobody. */
  #handleErrors(): void {
    answerUnknownPaths(this.#app);
    this.#app.setErrorHandler((error: unknown, request, reply) => {
      const status = (error as { statusCode?: number }).statusCode ?? 500;
      reply.type('text/plain');
      if (status < 500) return reply.code(status).send('bad request\n');
      const route = request.routeOptions.url ?? 'unknown';
      // A reporter writes to the log as well.
      this.#deps.reporter.report({ service: 'collector', error, tags: { route } });
      return reply.code(500).send('');
    });
  }
}

/** Nothing is opened before `listen`. */
export const createCollector = (deps: CollectorDeps, settings: CollectorSettings): Collector =>
  new HttpCollector(deps, settings);
