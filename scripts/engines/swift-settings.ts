/** What Swift's four servers read: one device, one copy of everything, and the S3 interface in the proxy's pipeline. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './installing.ts';

/** The proxy answers clients, the others keep what it is given. */
export const KINDS = ['proxy', 'account', 'container', 'object'] as const;
export type Kind = (typeof KINDS)[number];

export const ACCESS_KEY = 'auxilio:auxilio';
export const SECRET_KEY = 'auxilio-secret';

export interface SwiftPlace {
  readonly folder: string;
  readonly user: string;
  portOf(kind: Kind | 'memcached'): number;
}

const CLUSTER = `[swift-hash]
swift_hash_path_prefix = auxilio
swift_hash_path_suffix = auxilio
[storage-policy:0]
name = Policy-0
default = yes
`;

const FILTERS: Readonly<Record<string, readonly string[]>> = {
  catch_errors: [],
  gatekeeper: [],
  healthcheck: [],
  cache: [],
  listing_formats: [],
  bulk: [],
  s3api: ['location = us-east-1', 's3_acl = false'],
  tempauth: [`user_${ACCESS_KEY.replace(':', '_')} = ${SECRET_KEY} .admin`],
  copy: [],
  slo: [],
  dlo: [],
  versioned_writes: ['allow_versioned_writes = true', 'allow_object_versioning = true'],
  symlink: [],
};

/** Workers 0: the server is one process, so that a signal meets all of it. */
function common(place: SwiftPlace, kind: Kind): readonly string[] {
  return [
    '[DEFAULT]',
    'bind_ip = 127.0.0.1',
    `bind_port = ${place.portOf(kind)}`,
    'workers = 0',
    `user = ${place.user}`,
    `swift_dir = ${join(place.folder, 'settings')}`,
    // No syslog here; what is not written to this socket goes to the log.
    `log_address = ${join(place.folder, 'no-syslog')}`,
    `log_name = ${kind}`,
    'log_level = WARNING',
  ];
}

function keeper(place: SwiftPlace, kind: Kind): readonly string[] {
  return [
    ...common(place, kind),
    `devices = ${join(place.folder, 'devices')}`,
    'mount_check = false',
    'disable_fallocate = true',
    'fallocate_reserve = 0',
    '[pipeline:main]',
    `pipeline = ${kind}-server`,
    `[app:${kind}-server]`,
    `use = egg:swift#${kind}`,
  ];
}

function proxy(place: SwiftPlace): readonly string[] {
  const filters = Object.entries(FILTERS).flatMap(([name, options]) => [
    `[filter:${name}]`,
    `use = egg:swift#${name === 'cache' ? 'memcache' : name}`,
    ...(name === 'cache' ? [`memcache_servers = 127.0.0.1:${place.portOf('memcached')}`] : options),
  ]);
  return [
    ...common(place, 'proxy'),
    '[pipeline:main]',
    `pipeline = ${Object.keys(FILTERS).join(' ')} proxy-server`,
    '[app:proxy-server]',
    'use = egg:swift#proxy',
    'account_autocreate = true',
    ...filters,
  ];
}

export function writeSettings(place: SwiftPlace): void {
  const write = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(place.folder, 'settings', name), `${lines.join('\n')}\n`);
  write('swift.conf', [CLUSTER]);
  for (const kind of KINDS)
    write(`${kind}-server.conf`, kind === 'proxy' ? proxy(place) : keeper(place, kind));
}

/** Where the things of one kind lie: all on the one device, behind the one port. */
export async function buildRing(folder: string, kind: Kind, port: number): Promise<void> {
  const builder = join(folder, `${kind}.builder`);
  for (const file of [builder, join(folder, `${kind}.ring.gz`)]) rmSync(file, { force: true });
  await must('swift-ring-builder', [builder, 'create', '4', '1', '0']);
  await must('swift-ring-builder', [builder, 'add', `r1z1-127.0.0.1:${port}/d1`, '1']);
  await must('swift-ring-builder', [builder, 'rebalance']);
}
