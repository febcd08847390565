/** Toxiproxy: stands before the other engines and cuts, delays or swallows what goes through. Its proxies die with it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../test/build/engines.ts';
import type { EngineDefinition } from './definition.ts';
import { fetchOk } from './fetching.ts';
import { goInstall } from './installing.ts';
import { startService } from './processes.ts';

const VERSION = '2.5.0';

const folderFor = (cache: string): string => join(cache, VERSION);

export default {
  name: 'toxiproxy',
  ports: 1,
  startMs: 120_000,
  async install(cache) {
    const folder = folderFor(cache);
    if (existsSync(join(folder, 'server'))) return;
    await goInstall(`github.com/Shopify/toxiproxy/v2/cmd/server@v${VERSION}`, folder);
  },
  async start(place) {
    const pid = await startService({
      command: join(folderFor(place.cache), 'server'),
      args: ['-host', '127.0.0.1', '-port', String(place.ports[0])],
      cwd: place.folder,
      log: join(place.folder, 'log'),
    });
    return [pid];
  },
  async ask(place) {
    const url = `http://127.0.0.1:${place.ports[0]}`;
    await fetchOk(`${url}/version`);
    return { url, version: VERSION };
  },
} satisfies EngineDefinition<EngineName>;
