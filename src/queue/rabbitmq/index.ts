import { defineQueue } from '../definition.ts';
import { withConnection } from './connecting.ts';
import { checkConsumerTimeout } from './consumer-timeout.ts';
import { RabbitQueue } from './rabbit-queue.ts';
import { rabbitSchema } from './settings.ts';
import { Topology } from './topology.ts';

export default defineQueue({
  use: 'rabbitmq',
  schema: rabbitSchema,
  async open(settings, { log, longestTaskMs }) {
    if (longestTaskMs !== undefined) checkConsumerTimeout(settings, longestTaskMs);
    return RabbitQueue.open({ settings, log });
  },
  async inspect(settings, { log, longestTaskMs }, _label, call) {
    if (longestTaskMs !== undefined) checkConsumerTimeout(settings, longestTaskMs);
    const parts = { settings, log, purpose: 'looking' };
    return withConnection(parts, (model) => new Topology(settings).missingOn(model), call);
  },
  wipe: (settings, { log }) =>
    withConnection({ settings, log, purpose: 'wiping' }, (model) => new Topology(settings).wipe(model)),
});
