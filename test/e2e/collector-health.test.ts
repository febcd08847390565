/** The collector's heartbeat while engines are away: each is listed with its own state, and it stays green. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { postgresMissing, scratchDatabase } from '../build/postgres.ts';
import {
  eventually,
  type RunningAuxilio,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';

const LIMIT_MS = 120_000;
/** A load balancer gives up after a few seconds. */
const PATIENCE_MS = 10_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  auxilio = undefined;
});
afterEach(async () => {
  await auxilio?.kill();
  await folder.remove();
});

interface Beat {
  readonly status: string;
  readonly stores: Readonly<Record<string, string>>;
  readonly degraded: readonly string[];
}

async function heartbeat({ collectorUrl }: RunningAuxilio): Promise<Beat> {
  const response = await fetch(collectorUrl.replace('/submit', '/__heartbeat__'), {
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Beat;
}

/** The first that is as wanted: the first of all opens the stores, which takes a machine at work longer than it may. */
const heartbeatOf = (running: RunningAuxilio, isWanted: (beat: Beat) => boolean): Promise<Beat> =>
  eventually('the heartbeat', async () => {
    const beat = await heartbeat(running);
    return isWanted(beat) ? beat : undefined;
  });

it('lists a database that is away', { timeout: LIMIT_MS }, async () => {
  auxilio = await startAuxilio({
    dataDir: folder.path,
    services: 'collector',
    env: { DATABASE_URL: 'postgres://somebody@127.0.0.1:1/crashes', LOG_LEVEL: 'fatal' },
  });
  const beat = await heartbeatOf(auxilio, ({ degraded }) => degraded.join() === 'database');
  expect(beat.status).toBe('degraded');
  expect(beat.stores).toMatchObject({ crashes: 'ok', index: 'ok', queue: 'ok' });
  expect(beat.stores['database']).toContain('DATABASE_URL');
});

/** In front of Postgres; once it is frozen it takes connections and says nothing. */
async function freezer({
  hostname,
  port,
}: URL): Promise<{ readonly server: Server; freeze(): void; cut(): void }> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((client) => {
    sockets.add(client.on('error', () => undefined));
    if (isFrozen) return;
    const engine = connect(Number(port), hostname).on('error', () => undefined);
    sockets.add(engine);
    client.on('data', (bytes) => isFrozen || engine.write(bytes)).on('close', () => engine.destroy());
    engine.on('data', (bytes) => isFrozen || client.write(bytes)).on('close', () => isFrozen || client.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    freeze: () => {
      isFrozen = true;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

it.skipIf(postgresMissing !== undefined)(
  `a server that stands still hides no other${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
  { timeout: LIMIT_MS },
  async () => {
    const database = await scratchDatabase();
    const url = new URL(database.url);
    const { server, freeze, cut } = await freezer(new URL(database.url));
    try {
      url.port = String((server.address() as AddressInfo).port);
      const env = {
        STORE_TABLES_USE: 'postgres',
        STORE_TABLES_URL: url.href,
        QUEUE_USE: 'postgres',
        QUEUE_URL: url.href,
        DATABASE_URL: url.href,
        COLLECTOR_STORAGE: 'fallback(tables, crashes)',
        LOG_LEVEL: 'fatal',
      };
      const made = await runAuxilio(['store', 'init', 'tables'], { dataDir: folder.path, env });
      expect(made.code, made.stderr).toBe(0);
      auxilio = await startAuxilio({ dataDir: folder.path, services: 'collector', env });
      await heartbeatOf(auxilio, ({ status }) => status === 'ok');
      freeze();
      const { status, stores } = await heartbeatOf(auxilio, ({ degraded }) => degraded.length === 3);
      const late = 'no answer within 2 s';
      expect(stores).toEqual({ crashes: 'ok', index: 'ok', tables: late, queue: late, database: late });
      expect(status).toBe('degraded');
    } finally {
      await auxilio?.kill();
      cut();
      server.close();
      await database.drop();
    }
  },
);
