import { defineQueue } from '../definition.ts';
import { deliverySchema } from '../settings.ts';
import { MemoryQueue } from './memory-queue.ts';

export default defineQueue({
  use: 'memory',
  schema: deliverySchema,
  open: async (settings, { log }) => new MemoryQueue({ settings, log }),
});
