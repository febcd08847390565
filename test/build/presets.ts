/** The presets in `config/`, pointed at servers that are here and at names that nobody else uses. */
import { join } from 'node:path';
import { loadConfiguration } from '../../src/app/config/configuration.ts';
import { openApp } from '../../src/app/container.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { need, type Store } from '../../src/storage/contract.ts';
import { codeOf } from '../../src/storage/errors.ts';
import type { Engine, EngineName } from './engines.ts';
import { repository } from './running-auxilio.ts';

export type PresetName = 'socorro' | 'cassandra' | 'postgres';

/** The engines of a preset, as their address is where it is asked for. */
export type Addresses = Readonly<Partial<Record<EngineName, Engine>>>;

export const presetFile = (preset: PresetName): string => join(repository, 'config', `${preset}.env`);

function at(addresses: Addresses, name: EngineName): Engine {
  const engine = addresses[name];
  if (!engine) throw new Error(`the preset needs ${name}`);
  return engine;
}

const bucket = (addresses: Addresses, tag: string): Readonly<Record<string, string>> => {
  const { url, accessKey = '', secretKey = '' } = at(addresses, 'versitygw');
  return {
    STORE_BUCKET_ENDPOINT: url,
    STORE_BUCKET_ACCESS_KEY: accessKey,
    STORE_BUCKET_SECRET_KEY: secretKey,
    STORE_BUCKET_BUCKET: `bucket-${tag}`,
  };
};

const rabbit = (addresses: Addresses, tag: string): Readonly<Record<string, string>> => ({
  QUEUE_URL: at(addresses, 'rabbitmq').url,
  ...Object.fromEntries(
    ['PRIORITY', 'STANDARD', 'REPROCESSING', 'DEAD'].map((lane) => [
      `QUEUE_${lane}_QUEUE_NAME`,
      `${tag}.${lane.toLowerCase()}`,
    ]),
  ),
  QUEUE_CONTROL_NAME: `${tag}.control`,
});

/** A database of this name on the server. */
const database = (addresses: Addresses, tag: string): string => {
  const url = new URL(at(addresses, 'postgres').url);
  url.pathname = `/${tag}`;
  return url.href;
};

const SPECIFIC: Readonly<
  Record<PresetName, (addresses: Addresses, tag: string) => Readonly<Record<string, string>>>
> = {
  socorro: (addresses, tag) => ({
    ...bucket(addresses, tag),
    ...rabbit(addresses, tag),
    STORE_INDEX_URL: at(addresses, 'elasticsearch').url,
    STORE_INDEX_INDEX: `${tag}-%Y%W`,
    STORE_ARCHIVE_URL: database(addresses, tag),
    DATABASE_URL: database(addresses, tag),
  }),
  cassandra: (addresses, tag) => ({
    ...bucket(addresses, tag),
    ...rabbit(addresses, tag),
    STORE_RING_CONTACT_POINTS: at(addresses, 'cassandra').url.replace(/:.*/, ''),
    STORE_RING_PORT: at(addresses, 'cassandra').url.replace(/.*:/, ''),
    STORE_RING_KEYSPACE: tag,
  }),
  postgres: (addresses, tag) => ({
    STORE_CRASHES_URL: database(addresses, tag),
    QUEUE_URL: database(addresses, tag),
    DATABASE_URL: database(addresses, tag),
  }),
};

/** Settings for the environment; `tag` (letters and digits) is what everything of this test is called. */
export const presetEnvironment = (
  preset: PresetName,
  addresses: Addresses,
  tag: string,
): Readonly<Record<string, string>> => ({
  AUXILIO_ENV_FILES: presetFile(preset),
  ...SPECIFIC[preset](addresses, tag),
});

/** By what a store is asked for each crash: `scan` must give it once. */
type Role = 'raw.read' | 'processed.read' | 'scan';

/** What each store must have. */
export type StoreContents = Readonly<Record<string, readonly Role[]>>;

/** What is wrong with what the stores hold, in words; nothing when each has every crash whole and once. */
export async function faultsOf(
  env: Readonly<Record<string, string>>,
  dataDir: string,
  stores: StoreContents,
  ids: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { AUXILIO_ENV_FILES: file = '', ...environment } = env;
  const configuration = await loadConfiguration({
    commandLine: new Map([
      ['DATA_DIR', dataDir],
      ['LOG_LEVEL', 'silent'],
    ]),
    files: [file],
    environment,
    cwd: dataDir,
  });
  const app = openApp(configuration);
  try {
    const opened = await app.stores();
    const faults: string[] = [];
    for (const [name, roles] of Object.entries(stores))
      faults.push(...(await faultsIn(await opened.get(name), roles, ids as ReadonlySet<CrashId>)));
    return faults;
  } finally {
    await app.close();
  }
}

async function faultsIn(
  store: Store,
  roles: readonly Role[],
  ids: ReadonlySet<CrashId>,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const read = async (role: Role, id: CrashId): Promise<unknown> => {
    if (role === 'raw.read') return need(store, 'test', role).readRaw(id);
    return role === 'processed.read' ? need(store, 'test', role).readProcessed(id) : undefined;
  };
  for (const id of ids) {
    for (const role of roles) {
      try {
        await read(role, id);
      } catch (error) {
        faults.push(`${store.name}: ${id}: ${codeOf(error)} ${String(error)}`);
      }
    }
  }
  if (!roles.includes('scan')) return faults;
  const seen = new Map<CrashId, number>();
  const whole = { from: new Date(0), to: new Date('2100-01-01'), columns: ['signature'] };
  for await (const row of need(store, 'test', 'scan').scan(whole))
    seen.set(row.id, (seen.get(row.id) ?? 0) + 1);
  for (const id of ids)
    if (seen.get(id) !== 1) faults.push(`${store.name}: ${id}: ${seen.get(id) ?? 0} rows`);
  return faults;
}
