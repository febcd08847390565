/** The Versity S3 gateway over a folder: a complete S3 server in one program. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../test/build/engines.ts';
import type { EngineDefinition } from './definition.ts';
import { goInstall } from './installing.ts';
import { startService } from './processes.ts';
import { askS3 } from './s3.ts';

const VERSION = '1.8.0';
const ACCESS_KEY = 'auxilio';
const SECRET_KEY = 'auxilio-secret';

const folderFor = (cache: string): string => join(cache, VERSION);

export default {
  name: 'versitygw',
  ports: 1,
  container: { service: 's3', ports: ['S3_PORT'] },
  startMs: 120_000,
  async install(cache) {
    const folder = folderFor(cache);
    if (existsSync(join(folder, 'versitygw'))) return;
    await goInstall(`github.com/versity/versitygw/cmd/versitygw@v${VERSION}`, folder);
  },
  async start(place) {
    const [buckets, sidecar] = [join(place.folder, 'buckets'), join(place.folder, 'sidecar')];
    for (const folder of [buckets, sidecar]) mkdirSync(folder, { recursive: true });
    const pid = await startService({
      command: join(folderFor(place.cache), 'versitygw'),
      // Metadata in a folder of their own: not every file system has extended attributes.
      args: [
        ...['--port', `127.0.0.1:${place.ports[0]}`, '--keep-alive', '--quiet'],
        ...['posix', '--sidecar', sidecar, buckets],
      ],
      env: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
      cwd: place.folder,
      log: join(place.folder, 'log'),
    });
    return [pid];
  },
  async ask(place) {
    const url = `http://127.0.0.1:${place.ports[0]}`;
    return await askS3({ url, version: VERSION, accessKey: ACCESS_KEY, secretKey: SECRET_KEY });
  },
} satisfies EngineDefinition<EngineName>;
