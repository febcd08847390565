/** The button that sends the bundled sample crash through the collector's own HTTP endpoint. */
import type { FastifyInstance } from 'fastify';
import { PageError } from '../page-error.ts';
import { type Answer, findSample, sendSample } from '../sample-crash.ts';
import type { Pages } from './context.ts';

const SEE_OTHER = 303;

export function registerSample(app: FastifyInstance, pages: Pages): void {
  const { deps } = pages;

  async function send(): Promise<Answer> {
    const sample = await findSample(deps.sampleFolder);
    if (!sample) throw new PageError(404, 'No sample', 'This installation came without the sample crash.');
    try {
      return await sendSample(sample, deps.collectorUrl());
    } catch (cause) {
      throw new PageError(
        503,
        'No answer from the collector',
        `Nothing was sent: the collector does not answer at ${deps.collectorUrl()}.`,
        { cause },
      );
    }
  }

  app.post('/sample', async (_request, reply) => {
    const answer = await send();
    if (answer.kind === 'refused') {
      throw new PageError(
        503,
        'The collector refused it',
        `It answered ${answer.status}: ${answer.reason || 'nothing'}`,
      );
    }
    return reply.redirect(answer.kind === 'accepted' ? `/report/index/${answer.id}` : '/', SEE_OTHER);
  });
}
