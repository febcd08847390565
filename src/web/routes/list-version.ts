/** `/siglists` and `/siglists/DIGEST`: the lists in use, and those that a signature was made with. Public, as the traces are that quote them. */
import type { FastifyInstance } from 'fastify';
import type { ListTexts } from '../../signature/lists.ts';
import { PageError } from '../page-error.ts';
import { listsAddress, listVersionPage } from '../pages/list-version.ts';
import { describeFailure, withinTime } from '../store-failure.ts';
import type { Pages } from './context.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** Undefined when no such version is kept; rejects as the store does. */
export async function findLists(
  { deps }: Pages,
  digest: string,
  wait: 'main' | 'extra' = 'main',
): Promise<ListTexts | undefined> {
  const { findLists: find } = deps;
  if (!find || !DIGEST.test(digest)) return undefined;
  return withinTime((options) => find(digest, options), wait);
}

const UNAVAILABLE = 503;

export function registerListVersion(app: FastifyInstance, pages: Pages): void {
  app.get('/siglists', async (_request, reply) => {
    const digest = await pages.deps.currentLists?.();
    if (digest === undefined)
      throw new PageError(404, 'Lists not found', 'The lists on disk cannot be used now.');
    return reply.redirect(listsAddress(digest), 302);
  });

  app.get('/siglists/:digest', async (request, reply) => {
    const { digest = '' } = request.params as Readonly<Record<string, string>>;
    let texts: ListTexts | undefined;
    try {
      texts = await findLists(pages, digest);
    } catch (error) {
      pages.deps.log.warn({ err: error, digest }, 'a version of the signature lists could not be read');
      throw new PageError(UNAVAILABLE, 'Not now', describeFailure(error));
    }
    if (!texts)
      throw new PageError(
        404,
        'Lists not found',
        'No version of the signature lists with this digest is kept.',
      );
    return pages.send(request, reply, listVersionPage(digest, texts, await pages.deps.currentLists?.()));
  });
}
