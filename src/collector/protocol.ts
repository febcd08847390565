/**
 * A wire protocol is a folder under `protocols/` whose index has a default export named after it. It registers
 * its routes on the collector's server; reading, throttling and storing it shares with the others.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CollectorDeps } from './contract.ts';
import type { Intake } from './intake.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { CollectorSettings } from './settings.ts';

export interface ProtocolContext {
  readonly deps: CollectorDeps;
  readonly settings: CollectorSettings;
  readonly intake: Intake;
  readonly memory: MemoryBudget;
  /** Keeps the upload known to the server until it is answered, so that closing waits for it. */
  track<T>(upload: Promise<T>): Promise<T>;
}

export interface Protocol {
  readonly name: string;
  /** May throw `SettingsError`: the collector does not start then. */
  register(app: FastifyInstance, context: ProtocolContext): void;
}

/** Takes over a POST before fastify looks at its body: bodies are read by the protocol, whatever their type says. */
export type UploadHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const OTHER_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** `POST path` is the handler's; other methods are answered with 405. */
export function registerUploadRoute(app: FastifyInstance, url: string, handler: UploadHandler): void {
  app.route({
    method: 'POST',
    url,
    onRequest: handler,
    handler: (_request, reply) => reply.code(500).send(),
  });
  app.route({
    method: OTHER_METHODS,
    url,
    exposeHeadRoute: false,
    onRequest: async (_request, reply) =>
      reply.code(405).header('allow', 'POST').type('text/plain').send('only POST is understood here\n'),
    handler: (_request, reply) => reply.code(405).send(),
  });
}
