/** What the jobs are given: engines that are opened when a job first calls them, and closed with the app. */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { checkJobSettings } from '../crontabber/check-job-settings.ts';
import type { JobServices, JobStores, JobTransfers } from '../crontabber/job-services.ts';
import { systemClock } from '../lib/clock.ts';
import { NodeDisk } from '../lib/disk.ts';
import type { Alerts } from '../notify/alerts.ts';
import { FIELDS } from '../search/field-list.ts';
import { can } from '../storage/contract.ts';
import { Rate } from '../storage/transfer/rate.ts';
import { drainRun } from '../storage/transfer/transfers.ts';
import type { App } from './app.ts';
import { toolFolders } from './config/values.ts';
import { backupFolder, databaseCopier } from './database-copier.ts';
import { packageRoot } from './package-root.ts';
import { identityOf, pairOf, TRANSFER_PAUSES, transferFolder } from './run-transfer.ts';
import { chosenTargets } from './upkeep-choice.ts';

/** Crashes at once: a job must not slow down what people wait for. */
const DRAIN_AT_ONCE = 4;

function storesOf(app: App): JobStores {
  const { settings } = app.configuration;
  const open = async (expression: string, where: string) => (await app.stores()).get(expression, where);
  return {
    open,
    source: () => open(settings.processor.source, 'PROCESSOR_SOURCE'),
    destination: () => open(settings.processor.destination, 'PROCESSOR_DESTINATION'),
    async search() {
      const store = await open(settings.web.search, 'WEB_SEARCH');
      // A new index knows its fields when the processor or the web has been there; jobs may be the first.
      if (can(store, 'search')) await store.applyFields(FIELDS);
      return store;
    },
    targets: () => chosenTargets(app, undefined),
  };
}

function transfersOf(app: App): JobTransfers {
  return {
    async drain(spare, first, period, options) {
      const pair = pairOf([spare, first]);
      const stores = await app.stores();
      const identity = await identityOf(app, 'drain', pair, period);
      const run = drainRun(
        identity,
        await stores.get(pair.from, 'SPARE'),
        await stores.get(pair.to, 'FIRST'),
        {
          disk: new NodeDisk(),
          clock: systemClock,
          log: app.log,
          folder: transferFolder(app.configuration),
          concurrency: DRAIN_AT_ONCE,
          rate: new Rate(undefined),
          pauses: TRANSFER_PAUSES,
        },
      );
      const { counts } = await run.run(options);
      return { crashes: counts.crashes, removed: counts.removed, differences: counts.differences };
    },
  };
}

/** Opens the database and nothing else. Rejects with `SettingsError` for settings of jobs that are wrong. */
export async function jobServices(app: App, alerts: Pick<Alerts, 'send'>): Promise<JobServices> {
  const { settings, dataDir, cwd } = app.configuration;
  checkJobSettings(settings.job);
  const database = await app.database();
  return {
    log: app.log,
    settings: settings.job,
    database,
    stores: storesOf(app),
    transfers: transfersOf(app),
    queue: () => app.queue(),
    alerts: {
      send({ job, text }) {
        app.log.warn({ job }, text);
        alerts.send({ service: 'crontabber', host: hostname(), at: systemClock.now(), job, text });
      },
    },
    folders: {
      dataDir,
      resolve: (path) => resolve(cwd, path),
      spool: settings.spool.root || join(dataDir, 'spool'),
      backups: backupFolder(app.configuration),
      package: packageRoot,
      tools: toolFolders(),
    },
    copier: await databaseCopier(app.configuration, database),
  };
}
