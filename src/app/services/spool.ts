import type { Log } from '../../lib/log.ts';
import type { Spool } from '../../spool/contract.ts';
import { openSpool } from '../../spool/open.ts';
import type { App, Opening } from '../app.ts';
import { lateQueue, lateStore } from '../late-engines.ts';
import { isOutage } from '../outage.ts';

export async function open({ configuration, log, app, onClose }: Opening): Promise<Spool> {
  const { collector, spool: settings } = configuration.settings;
  await openWhatIsThere(app, collector.storage, log);
  const spool = await openSpool({
    settings,
    dataDir: configuration.dataDir,
    store: lateStore(collector.storage, async () =>
      (await app.stores()).get(collector.storage, 'COLLECTOR_STORAGE'),
    ),
    queue: lateQueue(() => app.queue()),
    log,
  });
  onClose('spool', () => spool.close());
  return spool;
}

/** Engines that are there are opened before the spool, so that they are closed after it. */
async function openWhatIsThere(app: App, storage: string, log: Log): Promise<void> {
  const stores = await app.stores();
  const results = await Promise.allSettled([stores.get(storage, 'COLLECTOR_STORAGE'), app.queue()]);
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    if (!isOutage(result.reason)) throw result.reason;
    log.error({ err: result.reason }, 'down at the start; uploads wait in the spool');
  }
}
