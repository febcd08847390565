/**
 * `config/socorro.env` on servers of its own, each killed, frozen and cut off in the middle of uploads: what was answered
 * is in S3, Elasticsearch and Postgres, whole and once; nobody waits longer than his limit; nothing is started again.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { Engine, EngineName } from '../build/engines.ts';
import { type OwnEngines, ownEngines } from '../build/own-engines.ts';
import { type Addresses, faultsOf, presetEnvironment } from '../build/presets.ts';
import { type RunningAuxilio, runAuxilio, startAuxilio, temporaryFolder } from '../build/running-auxilio.ts';
import { postCrash, sampleDump } from '../build/sample-crash.ts';
import { emptied } from '../build/settled.ts';
import { type Cut, type EngineProxy, proxyTo } from '../build/toxiproxy.ts';

const ENGINES = ['versitygw', 'elasticsearch', 'postgres', 'rabbitmq'] as const;
const CUTS: readonly Cut[] = ['reset', 'black hole', 'one-way', 'latency'];
const UPLOADS = 500;
const AT_ONCE = 4;
const DUMP_EVERY = 25;
/** Uploads go to the spool: no engine can make them slow. */
const ANSWER_LIMIT_MS = 10_000;
const RSS_LIMIT = 600 * 1024 ** 2;
const FAULT_MS = 5000;
const SETTLE_LIMIT_MS = 240_000;
/** Short, so that faults of a few seconds are felt and healed within the test. */
const LIMITS = {
  STORE_BUCKET_REQUEST_TIMEOUT: '3s',
  STORE_BUCKET_IDLE_TIMEOUT: '3s',
  STORE_BUCKET_CONNECT_TIMEOUT: '2s',
  STORE_INDEX_TIMEOUT: '3s',
  SPOOL_RETRY_MAX: '2s',
  SPOOL_MOVE_TIMEOUT: '20s',
};

const STORES = {
  bucket: ['raw.read', 'processed.read'],
  index: ['scan'],
  archive: ['processed.read', 'scan'],
} as const;

const engines =
  process.env['TEST_ENGINES'] === '0'
    ? { missing: 'with TEST_ENGINES=0 no engine is started' }
    : await ownEngines(...ENGINES, 'toxiproxy');
const missing = 'missing' in engines ? ` (skipped: ${engines.missing})` : '';
const folder = await temporaryFolder('auxilio-faults-');

afterAll(async () => {
  if (!('missing' in engines)) await engines.dispose();
  await folder.remove();
}, 60_000);

interface Scene {
  readonly own: OwnEngines;
  readonly proxies: ReadonlyMap<EngineName, EngineProxy>;
  readonly addresses: Addresses;
}

/** Every engine behind a proxy of its own. */
async function behindProxies(own: OwnEngines, tag: string): Promise<Scene> {
  const proxies = new Map<EngineName, EngineProxy>();
  const addresses: Partial<Record<EngineName, Engine>> = {};
  for (const name of ENGINES) {
    const engine = own.get(name);
    const url = new URL(engine.url);
    const proxy = await proxyTo(own.get('toxiproxy').url, `${name}-${tag}`, url.host);
    url.host = `${proxy.host}:${proxy.port}`;
    proxies.set(name, proxy);
    addresses[name] = { ...engine, url: url.href.replace(/\/$/, '') };
  }
  return { own, proxies, addresses };
}

/** One after the other, with time between them to recover. */
async function allFaults({ own, proxies }: Scene, name: EngineName): Promise<void> {
  own.kill(name);
  await delay(FAULT_MS);
  await own.startAgain(name);
  await delay(FAULT_MS);
  own.freeze(name);
  await delay(FAULT_MS);
  own.thaw(name);
  await delay(FAULT_MS);
  for (const cut of CUTS) {
    await proxies.get(name)?.cut(cut);
    await delay(FAULT_MS);
    await proxies.get(name)?.heal();
    await delay(FAULT_MS / 2);
  }
}

const rssOf = ({ process: { pid } }: RunningAuxilio): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

interface Uploaded {
  readonly ids: ReadonlySet<string>;
  readonly slowest: number;
  readonly peakRss: number;
}

/** `UPLOADS` spread over the time that `meanwhile` takes. */
async function uploadDuring(auxilio: RunningAuxilio, meanwhile: Promise<void>): Promise<Uploaded> {
  const dump = await sampleDump();
  const ids = new Set<string>();
  let [next, slowest, peakRss, over] = [0, 0, 0, false];
  const ended = meanwhile.finally(() => {
    over = true;
  });
  const client = async (): Promise<void> => {
    while (next < UPLOADS) {
      next += 1;
      const begun = performance.now();
      const { status, id } = await postCrash(
        auxilio.collectorUrl,
        next % DUMP_EVERY === 0 ? dump : undefined,
      );
      expect(status).toBe(200);
      ids.add(id);
      slowest = Math.max(slowest, performance.now() - begun);
      peakRss = Math.max(peakRss, rssOf(auxilio));
      if (!over) await delay(400);
    }
  };
  await Promise.all([ended, ...Array.from({ length: AT_ONCE }, client)]);
  return { ids, slowest, peakRss };
}

it.skipIf(missing !== '').each(ENGINES)(
  `%s killed, frozen and cut off: nothing is lost or comes twice${missing}`,
  { timeout: 600_000 },
  async (name) => {
    if ('missing' in engines) throw new Error(engines.missing);
    const tag = `f${Math.random().toString(36).slice(2, 10)}`;
    const scene = await behindProxies(engines, tag);
    const env = { ...presetEnvironment('socorro', scene.addresses, tag), ...LIMITS, LOG_LEVEL: 'error' };
    const options = { dataDir: folder.path, env };
    const made = await runAuxilio(['store', 'init', '--all', '--create-database'], options);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const auxilio = await startAuxilio(options);
    try {
      const { ids, slowest, peakRss } = await uploadDuring(auxilio, allFaults(scene, name));
      expect(ids.size).toBe(UPLOADS);
      expect(slowest).toBeLessThan(ANSWER_LIMIT_MS);
      expect(peakRss).toBeLessThan(RSS_LIMIT);
      await emptied(auxilio, options, SETTLE_LIMIT_MS);
      expect(auxilio.process.exitCode).toBeNull();
      expect(await auxilio.stop()).toBe(0);
      // What came while the bucket was away is with the spare; a job of the crontabber does this every hour.
      const drained = await runAuxilio(['store', 'drain', 'spare', 'bucket'], options);
      expect([drained.code, drained.stderr]).toEqual([0, expect.not.stringContaining('error')]);
      expect(await faultsOf(env, folder.path, STORES, ids)).toEqual([]);
    } finally {
      await auxilio.kill();
    }
  },
);
