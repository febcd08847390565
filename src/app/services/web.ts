import { Bugs } from '../../crontabber/tables/bugs.ts';
import { systemClock } from '../../lib/clock.ts';
import { FIELDS } from '../../search/field-list.ts';
import { need } from '../../storage/contract.ts';
import { loadSigningSecret } from '../../web/access/secret.ts';
import { createWeb, type Web } from '../../web/web.ts';
import type { Opening } from '../app.ts';
import { collectorUrl } from '../collector-url.ts';
import { storesHealth } from '../health.ts';
import { sampleFolder } from '../sample.ts';
import { uploadOverview } from '../upload-overview.ts';
import { versionInfo } from '../version-info.ts';

export async function open({ configuration, log, app, onClose }: Opening): Promise<Web> {
  const { web: settings, collector } = configuration.settings;
  const stores = await app.stores();
  // Only where the collector runs in this process: opening a spool means moving what is in it.
  const spool = app.addresses.collector === undefined ? undefined : await app.spool();
  const search = need(await stores.get(settings.search), 'WEB_SEARCH', 'search');
  await search.applyFields(FIELDS);
  const web = createWeb(
    {
      dataDir: configuration.dataDir,
      source: need(
        await stores.get(settings.source),
        'WEB_SOURCE',
        'raw.read',
        'dumps.read',
        'processed.read',
      ),
      search,
      queue: await app.queue(),
      removeEverywhere: (id, options) => app.removeEverywhere(id, options),
      overview: (options) => uploadOverview(app, options),
      inSpool: spool ? async (id) => spool.has(id) : undefined,
      bugs: async (signature, options) => new Bugs(await app.database()).of(signature, options),
      collectorUrl: () => app.addresses.collector ?? collectorUrl(collector, collector),
      fields: FIELDS,
      sampleFolder,
      log,
      clock: systemClock,
      reporter: await app.reporter(),
      version: versionInfo(),
      keys: { signingSecret: await loadSigningSecret(configuration.dataDir) },
      heartbeat: async () => {
        const health = await storesHealth(app);
        return { ok: Object.values(health).every((state) => state === 'ok'), body: { stores: health } };
      },
    },
    settings,
  );
  onClose('web', () => web.close());
  return web;
}
