import { silentLog } from '../../../src/lib/log.ts';
import type { QueueHarness } from '../../../src/queue/conformance/harness.ts';
import backend from '../../../src/queue/postgres/index.ts';
import { servedBy } from '../../build/engines.ts';
import { postgresServer, rowsOf, unusedName } from '../../build/postgres.ts';

export default {
  use: 'postgres',
  lacks: [],
  ...servedBy('postgres'),
  async open(settings) {
    const { url } = postgresServer();
    const schema = unusedName();
    // Looking is so slow that only NOTIFY can be quick enough.
    const options = { ...settings, url, schema, lease: 400, poll_interval: 600_000 };
    const open = () => backend.open(options, { dataDir: '/nowhere', log: silentLog });
    const queue = await open();
    return {
      queue,
      another: open,
      reopen: open,
      elsewhere: {
        module: import.meta.resolve('../../../src/queue/postgres/index.ts'),
        options,
        dataDir: '/nowhere',
      },
      async dispose() {
        await queue.close();
        await rowsOf(url, `drop schema ${schema} cascade`);
      },
    };
  },
} satisfies QueueHarness;
