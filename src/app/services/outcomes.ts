import { join } from 'node:path';
import { DatabaseOutcomes, type OutcomeStore } from '../../collector/outcomes/database-outcomes.ts';
import { OutcomeLog } from '../../collector/outcomes/outcome-log.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { makeFolders } from '../../lib/make-folders.ts';
import type { App, Opening } from '../app.ts';
import { isOutage } from '../outage.ts';

/** Opens the database with the first batch when it was not there: a collector whose database is down starts all the same. */
function lazyStore(app: App): OutcomeStore {
  const store = async (): Promise<OutcomeStore> => new DatabaseOutcomes(await app.database());
  return {
    write: async (batch, options) => (await store()).write(batch, options),
    prune: async (options) => (await store()).prune(options),
  };
}

/** A database that is there is opened before the outcomes, so that it is closed after them. */
async function openWhatIsThere(app: App, log: Log): Promise<void> {
  try {
    await app.database();
  } catch (error) {
    if (!isOutage(error)) throw error;
    log.error({ err: error }, 'down at the start; outcomes wait for the database');
  }
}

export async function open({ configuration, log, app, onClose }: Opening): Promise<OutcomeLog> {
  const folder = join(configuration.dataDir, 'collector');
  await makeFolders(folder);
  await openWhatIsThere(app, log);
  const outcomes = await OutcomeLog.open({
    store: lazyStore(app),
    file: join(folder, 'outcomes.json'),
    log,
    clock: systemClock,
    settings: configuration.settings.collector,
  });
  onClose('outcomes', () => outcomes.close());
  return outcomes;
}
