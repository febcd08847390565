/** OpenStack Swift with its S3 interface, from Debian: the second S3 server, and the stricter one. */
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { EngineName } from '../../test/build/engines.ts';
import type { EngineDefinition, Place } from './definition.ts';
import { aptInstall, isOnPath, run } from './installing.ts';
import { startService } from './processes.ts';
import { askS3 } from './s3.ts';
import { ACCESS_KEY, buildRing, KINDS, type Kind, SECRET_KEY, writeSettings } from './swift-settings.ts';

const PACKAGES = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached'];

const program = (kind: Kind): string => `/usr/bin/swift-${kind}-server`;

/** The proxy's port comes first, the memcached's last. */
function portOf(place: Place, kind: Kind | 'memcached'): number {
  return place.ports[kind === 'memcached' ? KINDS.length : KINDS.indexOf(kind)] ?? 0;
}

function startServer(place: Place, kind: Kind): Promise<number> {
  return startService({
    command: '/usr/bin/python3',
    args: [program(kind), join(place.folder, 'settings', `${kind}-server.conf`), '--verbose'],
    cwd: place.folder,
    log: join(place.folder, 'log'),
  });
}

async function startMemcached(place: Place): Promise<number> {
  const { username } = userInfo();
  const port = String(portOf(place, 'memcached'));
  return await startService({
    command: 'memcached',
    args: ['-l', '127.0.0.1', '-p', port, '-U', '0', '-m', '16', '-u', username],
    cwd: place.folder,
    log: join(place.folder, 'log'),
  });
}

/** The version of Debian's package, without what Debian adds to it. */
async function version(): Promise<string> {
  const { output } = await run('dpkg-query', ['--status', 'swift-proxy']);
  return /^Version: ([\d.]+)/m.exec(output)?.[1] ?? 'of unknown version';
}

export default {
  name: 'swift',
  ports: KINDS.length + 1,
  startMs: 120_000,
  async install() {
    const there = await Promise.all([...KINDS.map(program), 'memcached'].map(isOnPath));
    if (!there.every(Boolean)) await aptInstall(...PACKAGES);
  },
  async start(place) {
    const settings = join(place.folder, 'settings');
    for (const folder of [settings, join(place.folder, 'devices', 'd1')])
      mkdirSync(folder, { recursive: true });
    writeSettings({
      folder: place.folder,
      user: userInfo().username,
      portOf: (kind) => portOf(place, kind),
    });
    // With one device a ring says where everything is whatever its port: what is stored is found over a new one.
    for (const kind of KINDS.filter((one) => one !== 'proxy'))
      await buildRing(settings, kind, portOf(place, kind));
    const servers: number[] = [];
    for (const kind of KINDS) servers.push(await startServer(place, kind));
    return [...servers, await startMemcached(place)];
  },
  async ask(place) {
    const url = `http://127.0.0.1:${portOf(place, 'proxy')}`;
    return await askS3({ url, version: await version(), accessKey: ACCESS_KEY, secretKey: SECRET_KEY });
  },
} satisfies EngineDefinition<EngineName>;
