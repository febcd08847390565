import { silentLog } from '../../../src/lib/log.ts';
import type { QueueHarness } from '../../../src/queue/conformance/harness.ts';
import backend from '../../../src/queue/memory/index.ts';

export default {
  use: 'memory',
  lacks: ['another', 'reopen', 'elsewhere'],
  async open(settings) {
    const queue = await backend.open({ ...settings }, { dataDir: '/nowhere', log: silentLog });
    return { queue, dispose: () => queue.close() };
  },
} satisfies QueueHarness;
