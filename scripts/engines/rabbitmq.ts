/** RabbitMQ from Debian, with its management plugin: an Erlang node with a port mapper of its own. */
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../test/build/engines.ts';
import type { EngineDefinition, Place } from './definition.ts';
import { Unavailable } from './definition.ts';
import { fetchOk } from './fetching.ts';
import { aptInstall } from './installing.ts';
import { startService } from './processes.ts';

const GUEST = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` };

/** Of the script that starts a server as whoever calls it; the one on PATH turns into the user rabbitmq. */
const script = (): string | undefined =>
  globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server').at(-1);

interface Ports {
  readonly amqp: number;
  readonly management: number;
  readonly mapper: number;
  readonly distribution: number;
}

function portsOf(place: Place): Ports {
  const [amqp = 0, management = 0, mapper = 0, distribution = 0] = place.ports;
  return { amqp, management, mapper, distribution };
}

function writeSettings(place: Place, ports: Ports): void {
  const settings = [
    'loopback_users.guest = true',
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports.management}`,
    'vm_memory_high_watermark.absolute = 512MB',
    'disk_free_limit.absolute = 50MB',
  ];
  writeFileSync(join(place.folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`);
  writeFileSync(join(place.folder, 'enabled_plugins'), '[rabbitmq_management].\n');
}

export default {
  name: 'rabbitmq',
  ports: 4,
  container: { service: 'rabbitmq', ports: ['RABBITMQ_PORT', 'RABBITMQ_MANAGEMENT_PORT'] },
  startMs: 120_000,
  async install() {
    if (script() === undefined) await aptInstall('rabbitmq-server');
  },
  async start(place) {
    const command = script();
    if (command === undefined)
      throw new Unavailable('no rabbitmq-server after the installation of its package');
    const ports = portsOf(place);
    const folder = (name: string): string => join(place.folder, name);
    for (const name of ['mnesia', 'logs', 'home']) mkdirSync(folder(name), { recursive: true });
    writeSettings(place, ports);
    const shared = { cwd: place.folder, log: folder('log') };
    const mapper = await startService({
      ...shared,
      command: 'epmd',
      args: ['-address', '127.0.0.1', '-port', String(ports.mapper)],
    });
    const server = await startService({
      ...shared,
      command,
      args: [],
      env: {
        HOME: folder('home'),
        // The script then becomes the server instead of waiting for it: one pid, which tests may kill.
        RUNNING_UNDER_SYSTEMD: 'true',
        RABBITMQ_NODENAME: 'auxilio@localhost',
        RABBITMQ_MNESIA_BASE: folder('mnesia'),
        RABBITMQ_LOG_BASE: folder('logs'),
        RABBITMQ_CONFIG_FILE: folder('rabbitmq'),
        RABBITMQ_ENABLED_PLUGINS_FILE: folder('enabled_plugins'),
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        RABBITMQ_DIST_PORT: String(ports.distribution),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        ERL_EPMD_PORT: String(ports.mapper),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
      },
    });
    return [server, mapper];
  },
  async ask(place) {
    const ports = portsOf(place);
    const management = `http://127.0.0.1:${ports.management}`;
    // The management listener comes last, once everything else is up.
    const text = await fetchOk(`${management}/api/overview`, GUEST);
    const { rabbitmq_version: version } = JSON.parse(text) as { readonly rabbitmq_version: string };
    return { url: `amqp://guest:guest@127.0.0.1:${ports.amqp}`, version, management };
  },
} satisfies EngineDefinition<EngineName>;
