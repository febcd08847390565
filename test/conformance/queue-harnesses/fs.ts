import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../src/lib/log.ts';
import type { QueueHarness } from '../../../src/queue/conformance/harness.ts';
import backend from '../../../src/queue/fs/index.ts';

export default {
  use: 'fs',
  lacks: [],
  async open(settings) {
    const dataDir = await mkdtemp(join(tmpdir(), 'auxilio-queue-'));
    const options = { ...settings, lease: 400, poll_interval: 20 };
    const open = () => backend.open(options, { dataDir, log: silentLog });
    const queue = await open();
    return {
      queue,
      another: open,
      reopen: open,
      elsewhere: { module: import.meta.resolve('../../../src/queue/fs/index.ts'), options, dataDir },
      async dispose() {
        await queue.close();
        await rm(dataDir, { recursive: true });
      },
    };
  },
} satisfies QueueHarness;
