/** A server for one test alone, which may therefore be stopped, frozen and killed: the shared one serves other tests, too. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connect } from 'amqplib';

const scripts = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin').at(-1);

/** Why there cannot be one. */
export const missingServer =
  scripts === undefined ? 'no rabbitmq-server is installed; npm run engines -- up rabbitmq' : undefined;

export interface OwnServer {
  readonly url: string;
  /** The whole server: SIGKILL, SIGSTOP or SIGCONT. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Starts it again after SIGKILL, with what is on its disk. */
  start(): Promise<void>;
  ctl(...args: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function answers(url: string): Promise<void> {
  for (const end = performance.now() + 150_000; ; ) {
    try {
      return await (await connect(url)).close();
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(100);
    }
  }
}

export async function ownServer(): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-rabbitmq-'));
  const [port, mapper, distribution] = await freePorts(3);
  const env = {
    ...process.env,
    HOME: join(folder, 'home'),
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: `auxilio${port}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
  };
  for (const name of ['home', 'mnesia', 'log']) await mkdir(join(folder, name));
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    'vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 50MB\n',
  );
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  const epmd = spawn('epmd', ['-address', '127.0.0.1', '-port', String(mapper)], { env, stdio: 'ignore' });
  const url = `amqp://127.0.0.1:${port}`;
  let server = spawn(join(scripts ?? '', 'rabbitmq-server'), [], { env, stdio: 'ignore' });
  const kill = async (): Promise<void> => {
    const isOver = server.exitCode !== null || server.signalCode !== null;
    const over = isOver ? undefined : once(server, 'close');
    server.kill('SIGKILL');
    await over;
  };
  const remove = async (): Promise<void> => {
    server.kill('SIGCONT');
    await kill();
    epmd.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(url);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    url,
    signal: (name) => void server.kill(name),
    async start() {
      await kill();
      server = spawn(join(scripts ?? '', 'rabbitmq-server'), [], { env, stdio: 'ignore' });
      await answers(url);
    },
    async ctl(...args) {
      await promisify(execFile)(join(scripts ?? '', 'rabbitmqctl'), args, { env });
    },
    remove,
  };
}
