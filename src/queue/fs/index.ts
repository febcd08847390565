import { join, resolve } from 'node:path';
import { QueueError } from '../contract.ts';
import { defineQueue, type QueueContext } from '../definition.ts';
import { wipeFolder } from './folder.ts';
import { FsQueue } from './fs-queue.ts';
import { type FsQueueSettings, fsQueueSchema } from './settings.ts';

const rootOf = (settings: FsQueueSettings, { dataDir }: QueueContext): string =>
  settings.root ? resolve(settings.root) : join(dataDir, 'queue');

export default defineQueue({
  use: 'fs',
  schema: fsQueueSchema,
  async open(settings, context, label) {
    try {
      return await FsQueue.open({ root: rootOf(settings, context), settings, log: context.log });
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      const said = error.message.slice('queue: '.length, -` [${error.code}]`.length);
      throw new QueueError(error.code, `${said}; see ${label('root')}`, { cause: error });
    }
  },
  wipe: (settings, context) => wipeFolder(rootOf(settings, context)),
});
