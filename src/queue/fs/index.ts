import { join, resolve } from 'node:path';
import { defineQueue, type QueueContext } from '../definition.ts';
import { wipeFolder } from './folder.ts';
import { FsQueue } from './fs-queue.ts';
import { type FsQueueSettings, fsQueueSchema } from './settings.ts';

const rootOf = (settings: FsQueueSettings, { dataDir }: QueueContext): string =>
  settings.root ? resolve(settings.root) : join(dataDir, 'queue');

export default defineQueue({
  use: 'fs',
  schema: fsQueueSchema,
  open: (settings, context) => FsQueue.open({ root: rootOf(settings, context), settings, log: context.log }),
  wipe: (settings, context) => wipeFolder(rootOf(settings, context)),
});
