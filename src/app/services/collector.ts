import { resolve } from 'node:path';
import { createCollector } from '../../collector/collector.ts';
import type { Collector } from '../../collector/contract.ts';
import { loadThrottleRules } from '../../collector/throttle/load-rules.ts';
import { systemClock } from '../../lib/clock.ts';
import { can } from '../../storage/contract.ts';
import { codeOf } from '../../storage/errors.ts';
import type { Opening } from '../app.ts';
import { collectorHealth } from '../health.ts';
import { versionInfo } from '../version-info.ts';

export async function open({ configuration, log, app, onClose }: Opening): Promise<Collector> {
  const settings = configuration.settings.collector;
  const spool = await app.spool();
  const rulesFile = settings.throttle_rules ? resolve(configuration.cwd, settings.throttle_rules) : '';
  const collector = createCollector(
    {
      spool,
      log,
      clock: systemClock,
      reporter: await app.reporter(),
      version: versionInfo(),
      outcomes: await app.outcomes(),
      throttle: await loadThrottleRules({ ...settings, throttle_rules: rulesFile }),
      storesHealth: ({ limitMs }) => collectorHealth(app, { openMs: limitMs, answerMs: limitMs }),
      async alreadyStored(id, options) {
        if (spool.has(id)) return true;
        const store = await (await app.stores()).get(settings.storage, 'COLLECTOR_STORAGE');
        if (!can(store, 'raw.read')) return false;
        try {
          await store.readRaw(id, options);
          return true;
        } catch (error) {
          if (codeOf(error) === 'not_found') return false;
          throw error;
        }
      },
    },
    settings,
  );
  onClose('collector', () => collector.close());
  return collector;
}
