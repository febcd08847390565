/** PostgreSQL from Debian, or whichever is installed. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import type { EngineName } from '../../test/build/engines.ts';
import { type Answer, ASK_MS, type EngineDefinition, type Place, Unavailable } from './definition.ts';
import { aptInstall, isOnPath, run } from './installing.ts';
import { startService } from './processes.ts';

/** Without fsync, what is written is safe from the death of the server, not from a power cut: tests do the former. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '64MB',
};

/** User, password and database alike. */
const NAME = 'auxilio';

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The folder of the newest version's programs; Debian keeps them off PATH. */
async function programs(): Promise<string | undefined> {
  const version = (file: string): number => Number(file.split('/')[4]);
  const newest = globSync('/usr/lib/postgresql/*/bin/initdb')
    .toSorted((a, b) => version(a) - version(b))
    .at(-1);
  if (newest !== undefined) return dirname(newest);
  return (await isOnPath('initdb')) ? dirname((await run('which', ['initdb'])).output.trim()) : undefined;
}

async function program(name: string): Promise<string> {
  const folder = await programs();
  if (folder === undefined) throw new Unavailable('initdb is not there after the installation of postgresql');
  return join(folder, name);
}

/** Whom to be, because Postgres refuses to run as root. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = [await run('id', ['-u', 'postgres']), await run('id', ['-g', 'postgres'])];
  if (uid.status !== 0 || gid.status !== 0) throw new Unavailable('root, and no user postgres to run it as');
  return { uid: Number(uid.output), gid: Number(gid.output) };
}

/** May everybody pass through the folders above it? Root's home, for one, is closed to others. */
function isOpen(folder: string): boolean {
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A folder that the server's user can get at: the engine's own, or one in /var/tmp when that is out of its reach. */
function home(place: Place, user: User | undefined): string {
  // The two that are ours, whatever the umask was.
  for (const ours of [dirname(place.folder), place.folder]) chmodSync(ours, statSync(ours).mode | 0o011);
  const within = user === undefined || isOpen(place.folder);
  const name = createHash('sha256').update(place.folder).digest('hex').slice(0, 12);
  const folder = within ? join(place.folder, 'server') : `/var/tmp/auxilio-postgres-${name}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

async function createCluster(folder: string, user: User | undefined): Promise<string> {
  const data = join(folder, 'data');
  if (existsSync(join(data, 'PG_VERSION'))) return data;
  rmSync(data, { recursive: true, force: true });
  const passwords = join(folder, 'password');
  writeFileSync(passwords, NAME, { mode: 0o644 });
  const create = `--username=${NAME} --pwfile=${passwords} --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync`;
  const ran = await run(await program('initdb'), ['-D', data, ...create.split(' ')], {
    cwd: folder,
    ...user,
  });
  rmSync(passwords);
  if (ran.status === 0) return data;
  rmSync(data, { recursive: true, force: true });
  throw new Error(`initdb failed: ${ran.output.trim().split('\n').at(-1)}`);
}

async function ask(place: Place): Promise<Answer> {
  const [port] = place.ports;
  const server = `postgres://${NAME}:${NAME}@127.0.0.1:${port}`;
  const client = new pg.Client({
    connectionString: `${server}/postgres`,
    connectionTimeoutMillis: ASK_MS,
    query_timeout: ASK_MS,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; there: boolean }>(
      `select current_setting('server_version') as version, exists(select from pg_database where datname = $1) as there`,
      [NAME],
    );
    const [row] = rows;
    if (row?.there === false) await client.query(`create database ${NAME}`);
    return { url: `${server}/${NAME}`, version: row?.version.split(' ')[0] ?? '' };
  } finally {
    await client.end();
  }
}

export default {
  name: 'postgres',
  ports: 1,
  container: { service: 'postgres', ports: ['POSTGRES_PORT'] },
  startMs: 120_000,
  // Fast shutdown; on SIGTERM it would wait until every client has left.
  stopSignal: 'SIGINT',
  async install() {
    if ((await programs()) === undefined) await aptInstall('postgresql');
    await serverUser();
  },
  async start(place) {
    const user = await serverUser();
    const folder = home(place, user);
    const data = await createCluster(folder, user);
    const settings = Object.entries({ ...SETTINGS, port: String(place.ports[0]) });
    const pid = await startService({
      command: await program('postgres'),
      args: ['-D', data, ...settings.flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      cwd: folder,
      log: join(place.folder, 'log'),
      ...(user === undefined ? {} : { user }),
    });
    return [pid];
  },
  ask,
} satisfies EngineDefinition<EngineName>;
