/** What a visitor of a one-time link may do to a crash: have it processed again, remove it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { locked, PageError } from '../page-error.ts';
import { removedPage, removePage } from '../pages/remove.ts';
import { describeFailure, withinTime } from '../store-failure.ts';
import type { Pages } from './context.ts';
import { crashIdOf } from './query.ts';

const SEE_OTHER = 303;

export function registerActions(app: FastifyInstance, pages: Pages): void {
  const { deps } = pages;

  app.post('/report/reprocess/:id', async (request, reply) => {
    const { id } = crashIdOf(request);
    if (!pages.visitor(request).viewer.permissions.has('reprocess'))
      throw locked('Having a crash processed again needs a one-time link.');
    // One crash that a person waits for: before the bulk of the reprocessing lane.
    await withinTime((options) => deps.queue.publish({ crashId: id }, 'priority', options), 'action');
    deps.log.info({ crashId: id }, 'crash queued for reprocessing from its page');
    return reply.redirect(`/report/index/${id}?queued=1`, SEE_OTHER);
  });

  const toRemove = (request: FastifyRequest) => {
    const { id } = crashIdOf(request);
    if (!deps.removeEverywhere) throw new PageError(404, 'Not found', 'Crashes cannot be removed from here.');
    if (!pages.visitor(request).known) throw locked('Removing a crash needs a one-time link.');
    return { id, remove: deps.removeEverywhere };
  };

  app.get('/report/remove/:id', async (request, reply) => {
    const { id } = toRemove(request);
    return pages.send(request, reply, removePage(id, pages.formToken(request, reply)));
  });

  app.post('/report/remove/:id', async (request, reply) => {
    const { id, remove } = toRemove(request);
    let removal: Awaited<ReturnType<typeof remove>>;
    try {
      removal = await withinTime((options) => remove(id, options), 'action');
    } catch (cause) {
      // Personal data may be left behind: nothing less than everything is success.
      throw new PageError(503, 'Not removed everywhere', `${describeFailure(cause)} Remove it again later.`, {
        cause,
      });
    }
    deps.log.info({ crashId: id, removal }, 'a crash was to be removed from its page');
    if (removal === 'held')
      throw new PageError(
        409,
        'Under legal hold',
        'This crash is on the list of those that must be kept, and nothing was removed. Whoever keeps the list (JOB_CLEANUP_STORAGE_HOLD) can take it off, or remove it with “auxilio store rm --even-if-held”.',
      );
    return pages.send(request, reply, removedPage(id, removal === 'removed'));
  });
}
