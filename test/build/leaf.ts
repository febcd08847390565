/** What a backend is opened with that has no other stores below it. */
import { silentLog } from '../../src/lib/log.ts';
import type { OpenContext } from '../../src/storage/open-context.ts';

export const leafContext = (name: string, dataDir = '/nowhere'): OpenContext => ({
  name,
  dataDir,
  log: silentLog,
  store: () => Promise.reject(new Error('a leaf asks for no other store')),
});

/** What operators write: `STORE_INDEX_URL` is `url` of the store `index`. */
export const labelOf =
  (store: string) =>
  (key: string): string =>
    `STORE_${store.toUpperCase()}_${key.toUpperCase()}`;
