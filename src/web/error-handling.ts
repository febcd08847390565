/** Every failure becomes a page that says what is the matter and gives nothing of the inside away. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DatabaseError } from '../database/errors.ts';
import { isAborted } from '../lib/abort.ts';
import { QueueError } from '../queue/contract.ts';
import { QueryError } from '../search/errors.ts';
import { StorageError } from '../storage/errors.ts';
import { PageError } from './page-error.ts';
import { errorPage } from './pages/error-page.ts';
import type { Pages } from './routes/context.ts';
import { describeFailure, isOutage } from './store-failure.ts';

interface Failure {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

const TITLES: Readonly<Record<number, readonly [string, string]>> = {
  400: ['Bad request', 'The request could not be understood.'],
  404: ['Not found', 'There is no such page.'],
  405: ['Not this way', 'This page does not take requests of this kind.'],
  408: ['Too slow', 'The request took too long to arrive.'],
  413: ['Too large', 'The request is larger than any form of this site.'],
  414: ['Too long', 'The address is longer than any of this site.'],
  415: ['Unknown form', 'Forms must be sent as application/x-www-form-urlencoded.'],
  429: ['Too many requests', 'Wait a little, then try again.'],
  431: ['Too large', 'The headers of the request are too large.'],
};

const BROKEN: Failure = {
  status: 500,
  title: 'Something broke',
  text: 'The failure was logged. If it comes back, tell the operator when it happened.',
};

function ofStorage(error: StorageError): Failure {
  if (error.code === 'not_found')
    return { status: 404, title: 'Not found', text: 'No store has this, or it was removed.' };
  if (error.code === 'invalid')
    return { status: 400, title: 'Bad request', text: 'The search cannot be answered as it is asked.' };
  if (isOutage(error)) return { status: 503, title: 'A store is down', text: describeFailure(error) };
  return { status: 500, title: 'A store failed', text: describeFailure(error) };
}

function ofDatabase(error: DatabaseError): Failure {
  const text = describeFailure(error);
  return isOutage(error)
    ? { status: 503, title: 'The database is down', text }
    : { status: 500, title: 'The database failed', text };
}

function ofStatus(status: number): Failure {
  const [title, text] = TITLES[status] ?? ['Bad request', 'The request could not be answered.'];
  return { status, title, text };
}

/** What the visitor is told. */
function failureOf(error: unknown): Failure {
  if (error instanceof PageError) return { status: error.status, title: error.title, text: error.message };
  if (error instanceof QueryError)
    return error.code === 'permission_denied'
      ? { status: 403, title: 'Protected', text: error.message }
      : { status: 400, title: 'Bad request', text: error.message };
  if (error instanceof StorageError) return ofStorage(error);
  if (error instanceof DatabaseError) return ofDatabase(error);
  if (error instanceof QueueError)
    return { status: 503, title: 'The queue is down', text: describeFailure(error) };
  if (isAborted(error)) return { status: 503, title: 'A store is down', text: describeFailure(error) };
  const status = (error as Partial<FastifyError> | undefined)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? ofStatus(status) : BROKEN;
}

const SERVER_ERROR = 500;
const UNAVAILABLE = 503;

export function registerErrorPages(app: FastifyInstance, pages: Pages): void {
  const { log, reporter } = pages.deps;
  const send = (request: FastifyRequest, reply: FastifyReply, failure: Failure): FastifyReply => {
    if (failure.status === UNAVAILABLE) reply.header('retry-after', '30');
    return pages.send(request, reply, { ...errorPage(failure), status: failure.status });
  };
  app.setErrorHandler((error: unknown, request, reply) => {
    const failure = failureOf(error);
    const route = request.routeOptions.url ?? 'none';
    // A reporter writes to the log as well.
    if (failure.status === SERVER_ERROR) reporter.report({ service: 'web', error, tags: { route } });
    else if (failure.status > SERVER_ERROR)
      log.error({ err: error, route, status: failure.status }, 'page failed');
    // Headers of a download that was being prepared.
    for (const header of ['content-disposition', 'content-length']) reply.removeHeader(header);
    return send(request, reply, failure);
  });
  app.setNotFoundHandler((request, reply) => send(request, reply, ofStatus(404)));
}
