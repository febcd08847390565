/** Each preset, started as a whole: 200 crashes through it, and read back from every store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, type EngineName, engine } from '../build/engines.ts';
import {
  type Addresses,
  faultsOf,
  type PresetName,
  presetEnvironment,
  type StoreContents,
} from '../build/presets.ts';
import { type RunningAuxilio, runAuxilio, startAuxilio, temporaryFolder } from '../build/running-auxilio.ts';
import { postCrash, sampleDump } from '../build/sample-crash.ts';
import { emptied } from '../build/settled.ts';

interface Preset {
  readonly name: PresetName;
  readonly engines: readonly EngineName[];
  readonly stores: StoreContents;
}

const PRESETS: readonly Preset[] = [
  {
    name: 'socorro',
    engines: ['versitygw', 'elasticsearch', 'postgres', 'rabbitmq'],
    stores: {
      bucket: ['raw.read', 'processed.read'],
      index: ['scan'],
      archive: ['processed.read', 'scan'],
    },
  },
  {
    name: 'cassandra',
    engines: ['cassandra', 'versitygw', 'rabbitmq'],
    stores: { crashes: ['raw.read', 'processed.read'], index: ['scan'] },
  },
  { name: 'postgres', engines: ['postgres'], stores: { crashes: ['raw.read', 'processed.read', 'scan'] } },
];
const CRASHES = 200;
const AT_ONCE = 8;
/** Every so many has a dump, which must be walked. */
const DUMP_EVERY = 20;
const LIMIT_MS = 180_000;

function addressesOf(names: readonly EngineName[]): Addresses | { readonly missing: string } {
  const found: Partial<Record<EngineName, Engine>> = {};
  for (const name of names) {
    const state = engine(name);
    if ('missing' in state) return state;
    found[name] = state;
  }
  return found;
}

async function upload(collectorUrl: string): Promise<ReadonlySet<string>> {
  const dump = await sampleDump();
  const ids = new Set<string>();
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < CRASHES) {
      next += 1;
      const { status, id } = await postCrash(collectorUrl, next % DUMP_EVERY === 0 ? dump : undefined);
      expect(status).toBe(200);
      ids.add(id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return ids;
}

describe.each(PRESETS.map((preset) => [preset.name, preset] as const))(
  'config/%s.env',
  (name, { engines, stores }) => {
    const addresses = addressesOf(engines);
    const missing = 'missing' in addresses ? ` (skipped: ${String(addresses.missing)})` : '';
    const tag = `t${Math.random().toString(36).slice(2, 10)}`;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let auxilio: RunningAuxilio | undefined;

    beforeEach(async () => {
      folder = await temporaryFolder(`auxilio-${name}-`);
    });

    afterEach(async () => {
      await auxilio?.stop();
      await folder.remove();
    });

    it.skipIf(missing !== '')(
      `takes ${CRASHES} crashes, processes them, and each store has them all${missing}`,
      { timeout: 2 * LIMIT_MS },
      async () => {
        const env = presetEnvironment(name, addresses as Addresses, tag);
        const options = { dataDir: folder.path, env: { ...env, LOG_LEVEL: 'warn' } };
        const made = await runAuxilio(['store', 'init', '--all', '--create-database'], options);
        expect(made.stderr).toBe('');
        expect(made.code).toBe(0);
        const checked = await runAuxilio(['config', '--check'], options);
        expect(checked.code, `${checked.stdout}${checked.stderr}`).toBe(0);
        auxilio = await startAuxilio(options);
        const ids = await upload(auxilio.collectorUrl);
        expect(ids.size).toBe(CRASHES);
        await emptied(auxilio, options, LIMIT_MS);
        expect(await auxilio.stop()).toBe(0);
        auxilio = undefined;
        expect(await faultsOf(env, folder.path, stores, ids)).toEqual([]);
        const wiped = await runAuxilio(['store', 'wipe', '--all', '--yes'], {
          ...options,
          env: { ...options.env, ENVIRONMENT: 'development' },
        });
        expect(wiped.code).toBe(0);
      },
    );
  },
);
