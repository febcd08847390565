/** One-time links and logging out. */
import type { FastifyInstance } from 'fastify';
import { consumeLink, isLinkUsable } from '../access/one-time-link.ts';
import { metrics } from '../metrics.ts';
import { PageError } from '../page-error.ts';
import { howToOpenPage, openPage } from '../pages/open.ts';
import type { Pages } from './context.ts';

const SEE_OTHER = 303;

const spent = (): PageError =>
  new PageError(
    403,
    'The link does not work',
    'It was used already, or its time is over. The command “auxilio link” makes another.',
  );

export function registerAccess(app: FastifyInstance, pages: Pages): void {
  const { deps, visitors } = pages;
  const tokenOf = (params: unknown): string => (params as Readonly<Record<string, string>>)['token'] ?? '';

  app.get('/open', async (request, reply) =>
    pages.send(request, reply, howToOpenPage(pages.visitor(request).known)),
  );

  // Opening the link shows a button and does not use the link up: chat programs, mail scanners and browsers
  // that fetch ahead call every address they see. Test: "a look at the link does not use it up".
  app.get('/open/:token', async (request, reply) => {
    const token = tokenOf(request.params);
    if (!(await isLinkUsable(deps.dataDir, token, deps.clock))) throw spent();
    return pages.send(request, reply, openPage(token, pages.formToken(request, reply)));
  });

  app.post('/open/:token', async (request, reply) => {
    const good = await consumeLink(deps.dataDir, tokenOf(request.params), deps.clock);
    metrics.count('web_links_opened_total', { result: good ? 'good' : 'bad' });
    if (!good) throw spent();
    await visitors.logIn(reply);
    deps.log.info({ address: request.ip }, 'one-time link opened');
    return reply.redirect('/', SEE_OTHER);
  });

  app.post('/logout', async (request, reply) => {
    await visitors.logOut(request, reply);
    return reply.redirect('/', SEE_OTHER);
  });
}
