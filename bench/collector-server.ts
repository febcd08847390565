/** The collector over the real spool, fs store and fs queue, as `auxilio up` wires them; for bench/collector.ts. */
import { join } from 'node:path';
import { createCollector } from '../src/collector/collector.ts';
import { collectorSchema } from '../src/collector/settings.ts';
import { loadThrottleRules } from '../src/collector/throttle/load-rules.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createLog } from '../src/lib/log.ts';
import { parseSettings } from '../src/lib/settings.ts';
import { keepYoungHeapSmall } from '../src/lib/young-heap.ts';
import fsQueue from '../src/queue/fs/index.ts';
import { openSpool } from '../src/spool/open.ts';
import { spoolSchema } from '../src/spool/settings.ts';
import { type CrashStorage, need } from '../src/storage/contract.ts';
import fsStore from '../src/storage/fs/index.ts';
import { answerParent } from './lib/served.ts';

keepYoungHeapSmall();
/** `hold`: nothing is moved out of the spool until the parent waits for it; what uploads alone cost. */
const [dataDir, hold] = process.argv.slice(2) as [string, 'hold'?];
const log = createLog('error');
const released = Promise.withResolvers<void>();
if (hold !== 'hold') released.resolve();
const settings = parseSettings(collectorSchema, { port: 0 });
const store = await fsStore.open(
  {},
  {
    name: 'files',
    dataDir,
    log,
    store: () => Promise.reject(new Error('a leaf has no children')),
  },
);
const held = (to: CrashStorage<'report.write'>): CrashStorage<'report.write'> =>
  new Proxy(to, {
    get(target, key) {
      if (key === 'saveReport')
        return async (...args: Parameters<typeof to.saveReport>) => {
          await released.promise;
          return target.saveReport(...args);
        };
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
const queue = await fsQueue.open({}, { dataDir, log });
const spool = await openSpool({
  settings: parseSettings(spoolSchema, { root: join(dataDir, 'spool') }),
  dataDir,
  store: held(need(store, 'bench', 'report.write')),
  queue,
  log,
});
const collector = createCollector(
  {
    spool,
    log,
    clock: systemClock,
    reporter: { report: ({ error }) => log.error(error), close: async () => undefined },
    version: {},
    alreadyStored: async (id) => spool.has(id),
    storesHealth: async () => ({}),
    outcomes: { record: () => undefined },
    throttle: await loadThrottleRules(settings),
  },
  settings,
);
const { port } = await collector.listen();
answerParent({
  port,
  settled() {
    released.resolve();
    return spool.drain();
  },
  async close() {
    await collector.close();
    await spool.close();
    await queue.close();
    await store.close();
  },
});
