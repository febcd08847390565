import { silentLog } from '../../../src/lib/log.ts';
import type { QueueHarness } from '../../../src/queue/conformance/harness.ts';
import type { CrashQueue } from '../../../src/queue/contract.ts';
import backend from '../../../src/queue/rabbitmq/index.ts';
import { servedBy } from '../../build/engines.ts';
import { newVhost } from '../../queue/rabbitmq/vhosts.ts';

export default {
  use: 'rabbitmq',
  lacks: [],
  ...servedBy('rabbitmq'),
  async open(settings) {
    const vhost = await newVhost();
    const opened: CrashQueue[] = [];
    const options = { ...settings, url: vhost.url, poll_interval: 200 };
    const open = async (): Promise<CrashQueue> => {
      const context = { dataDir: '/nowhere', log: silentLog };
      const queue = await backend.open(options, context);
      opened.push(queue);
      return queue;
    };
    return {
      queue: await open(),
      another: open,
      reopen: open,
      elsewhere: {
        module: import.meta.resolve('../../../src/queue/rabbitmq/index.ts'),
        options,
        dataDir: '/nowhere',
      },
      async dispose() {
        for (const queue of opened) await queue.close();
        await vhost.remove();
      },
    };
  },
} satisfies QueueHarness;
