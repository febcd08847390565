import { join, resolve } from 'node:path';
import { defineQueue } from '../definition.ts';
import { FsQueue } from './fs-queue.ts';
import { fsQueueSchema } from './settings.ts';

export default defineQueue({
  use: 'fs',
  schema: fsQueueSchema,
  open: (settings, { dataDir, log }) =>
    FsQueue.open({ root: settings.root ? resolve(settings.root) : join(dataDir, 'queue'), settings, log }),
});
