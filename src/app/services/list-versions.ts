import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { ListVersions } from '../../signature/list-versions.ts';
import { need } from '../../storage/contract.ts';
import type { Opening } from '../app.ts';
import { blobShelf, folderShelf } from '../list-shelves.ts';

export async function open({ configuration, app }: Opening): Promise<ListVersions> {
  const { lists_store: expression } = configuration.settings.signature;
  const shelf = expression
    ? blobShelf(need(await (await app.stores()).get(expression), 'SIGNATURE_LISTS_STORE', 'blobs'))
    : folderShelf(join(configuration.dataDir, 'siglists'));
  return new ListVersions(shelf, systemClock);
}
