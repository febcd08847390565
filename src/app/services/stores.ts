import { type OpenStores, openStores } from '../../storage/open-stores.ts';
import type { Opening } from '../app.ts';
import { verifyUses } from '../config/store-uses.ts';

export async function open({ configuration, log, quit, onClose }: Opening): Promise<OpenStores> {
  await verifyUses(configuration);
  const stores = openStores({
    definitions: configuration.stores,
    dataDir: configuration.dataDir,
    baseDir: configuration.cwd,
    log,
    quit,
  });
  onClose('stores', () => stores.close());
  return stores;
}
