import { Bugs } from '../../crontabber/tables/bugs.ts';
import { systemClock } from '../../lib/clock.ts';
import { FIELDS } from '../../search/field-list.ts';
import { ListError, type SignatureLists } from '../../signature/lists.ts';
import { need } from '../../storage/contract.ts';
import { loadSigningSecret } from '../../web/access/secret.ts';
import { createWeb, type Web } from '../../web/web.ts';
import type { App, Opening } from '../app.ts';
import { collectorUrl } from '../collector-url.ts';
import { listsHealth, storesHealth } from '../health.ts';
import { sampleFolder } from '../sample.ts';
import { uploadOverview } from '../upload-overview.ts';
import { versionInfo } from '../version-info.ts';

/** Lists that cannot be used stop no page, for those that made the stored signatures are kept; the processor stops. */
async function watchedLists(app: App): Promise<SignatureLists | undefined> {
  try {
    const signatures = await app.signatures();
    await signatures.watch();
    return signatures.lists;
  } catch (error) {
    if (error instanceof ListError) return undefined;
    throw error;
  }
}

export async function open({ configuration, log, app, onClose }: Opening): Promise<Web> {
  const { web: settings, collector } = configuration.settings;
  const stores = await app.stores();
  // Only where the collector runs in this process: opening a spool means moving what is in it.
  const spool = app.addresses.collector === undefined ? undefined : await app.spool();
  const search = need(await stores.get(settings.search), 'WEB_SEARCH', 'search');
  await search.applyFields(FIELDS);
  if (!(await watchedLists(app)))
    log.error({ reason: await listsHealth(app) }, 'signature lists: they cannot be used');
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
      spool: spool ? () => spool.state() : undefined,
      inSpool: spool ? async (id) => spool.has(id) : undefined,
      findLists: async (digest, options) => {
        const lists = await watchedLists(app);
        return digest === lists?.digest ? lists.texts : (await app.listVersions()).find(digest, options);
      },
      currentLists: async () => (await watchedLists(app))?.digest,
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
        // A slip in an editor takes no server out of its balancer.
        const ok = Object.values(health).every((state) => state === 'ok');
        return { ok, body: { stores: health, signature_lists: await listsHealth(app) } };
      },
    },
    settings,
  );
  onClose('web', () => web.close());
  return web;
}
