/** `/`, `/guide` and quick search. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LANES, type Lane } from '../../queue/contract.ts';
import { QueryError } from '../../search/errors.ts';
import { checkQuery } from '../../search/permissions.ts';
import { codeOf } from '../../storage/errors.ts';
import { address } from '../pages/format.ts';
import { guidePage } from '../pages/guide.ts';
import { homePage } from '../pages/home.ts';
import type { QueueState, Result } from '../pages/overview.ts';
import { findSample } from '../sample-crash.ts';
import { describeFailure, withinTime } from '../store-failure.ts';
import type { Pages } from './context.ts';
import { parseHomeQuery } from './home-query.ts';
import { findCrashId, value } from './query.ts';

/** Dead letters are counted by listing them; past this the page says "more than". */
const DEAD_COUNTED = 1000;

const ASKED = { search: 'The index', queue: 'The queue', uploads: 'The database' } as const;

/** The value, or one line that says why there is none: one engine that is down must not take the page with it. */
async function result<T>(pages: Pages, what: keyof typeof ASKED, work: () => Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (isMistake(error)) throw error;
    pages.deps.log.warn({ err: error, what }, 'part of the home page is missing');
    return { ok: false, failure: describeFailure(error, ASKED[what]) };
  }
}

async function readQueue(pages: Pages): Promise<QueueState> {
  const { queue } = pages.deps;
  return withinTime(async (options) => {
    const depths = await Promise.all(
      LANES.map(async (lane) => [lane, await queue.depth(lane, options)] as const),
    );
    let dead = 0;
    for await (const _ of queue.listDead(options)) {
      dead += 1;
      if (dead > DEAD_COUNTED) break;
    }
    return { depths: Object.fromEntries(depths) as Record<Lane, number>, dead, deadCounted: DEAD_COUNTED };
  });
}

/** The question itself was refused: the visitor's mistake, not an outage. */
const isMistake = (error: unknown): boolean => codeOf(error) === 'invalid' || error instanceof QueryError;

const UNAVAILABLE = 503;

async function home(pages: Pages, request: FastifyRequest) {
  const { deps, settings } = pages;
  const now = deps.clock.now();
  const query = parseHomeQuery(request, {
    now,
    windowMs: settings.window,
    pageSize: settings.page_size,
    facetSize: settings.facet_size,
  });
  checkQuery(query.search, deps.fields, pages.visitor(request).viewer);
  const overview = deps.overview;
  const [found, queue, uploads, sample] = await Promise.all([
    result(pages, 'search', () =>
      withinTime((options) => deps.search.search(query.search, options), 'search'),
    ),
    result(pages, 'queue', () => readQueue(pages)),
    overview ? result(pages, 'uploads', () => withinTime((options) => overview(options))) : undefined,
    findSample(deps.sampleFolder),
  ]);
  return {
    now,
    query,
    found,
    queue,
    uploads,
    spool: deps.spool?.(),
    sample,
    signaturesShown: settings.facet_size,
  };
}

export function registerHome(app: FastifyInstance, pages: Pages): void {
  const { deps } = pages;
  app.get('/', async (request, reply) => {
    const parts = await home(pages, request);
    const page = homePage({
      ...parts,
      collectorUrl: deps.collectorUrl(),
      formToken: parts.sample ? pages.formToken(request, reply) : '',
    });
    return pages.send(request, reply, { ...page, ...(parts.found.ok ? {} : { status: UNAVAILABLE }) });
  });

  app.get('/guide', async (request, reply) => {
    const sample = await findSample(deps.sampleFolder);
    const formToken = sample ? pages.formToken(request, reply) : '';
    return pages.send(request, reply, guidePage({ collectorUrl: deps.collectorUrl(), sample, formToken }));
  });

  app.get('/search/quick/', async (request, reply) => {
    const text = (value(request, 'query') ?? '').trim();
    const id = findCrashId(text);
    if (id) return reply.redirect(`/report/index/${id}`, 302);
    if (text === '') return reply.redirect('/', 302);
    const signature = /^[=~^$]/.test(text) ? text : `~${text}`;
    return reply.redirect(address('/', { signature }), 302);
  });
}
