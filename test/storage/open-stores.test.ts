import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { SettingsError } from '../../src/lib/settings.ts';
import { storageSuite } from '../../src/storage/conformance/suite.ts';
import { CAPABILITIES, type Store } from '../../src/storage/contract.ts';
import type { StoreDefinition } from '../../src/storage/definitions.ts';
import { AggregateStorageError } from '../../src/storage/errors.ts';
import { type OpenStores, openStores } from '../../src/storage/open-stores.ts';

const OUTSIDE = join(import.meta.dirname, '../fixtures/outside-store');

type Definitions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const definitionsOf = (named: Definitions): ReadonlyMap<string, StoreDefinition> =>
  new Map(
    Object.entries(named).map(([name, { use = '', ...options }]) => [
      name,
      { use, options, label: (key: string) => `STORE_${name}_${key}`.toUpperCase() },
    ]),
  );

let dataDir: string;
let stores: OpenStores | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'auxilio-stores-'));
});
afterEach(async () => {
  await stores?.close().catch(() => undefined);
  stores = undefined;
  await rm(dataDir, { recursive: true });
});

function wire(named: Definitions, baseDir = dataDir): OpenStores {
  stores = openStores({ definitions: definitionsOf(named), dataDir, baseDir, log: silentLog });
  return stores;
}

const problem = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(SettingsError);
  return (error as Error).message;
};

describe('openStores', () => {
  const three = { one: { use: 'memory' }, two: { use: 'memory' }, three: { use: 'memory' } };

  it('opens a store once, however often and in whatever form it is named', async () => {
    const open = wire(three);
    const [a, b, c] = await Promise.all([
      open.get('poly(fallback(one, two), three)'),
      open.get(' poly( fallback( one,two ),three )'),
      open.get('fallback(one, two)'),
    ]);
    expect(a).toBe(b);
    expect(a.children[0]).toBe(c);
    expect(c.children[0]).toBe(await open.get('one'));
    expect(open.all().length).toBe(5);
    expect(a.name).toBe('poly(fallback(one, two), three)');
  });

  it('opens nothing that is not named', async () => {
    const open = wire({ one: { use: 'memory' }, broken: { use: './nowhere.ts' } });
    await open.get('one');
    expect(open.all().map((s) => s.name)).toEqual(['one']);
  });

  it('names the nearest store, backend, setting and layer for a slip', async () => {
    const open = wire({
      bucket: { use: 'memory' },
      bad: { use: 'memry' },
      key: { use: 'memory', max_byte: '1' },
      layer: { use: 'memory', layers: 'metric' },
      owner: { use: 'memory', executor: 'limited' },
      split: { use: 'primary_deferred', primary: 'bucket', deferred: 'bukket' },
    });
    expect(await problem(open.get('buckett', 'COLLECTOR_STORAGE'))).toBe(
      'COLLECTOR_STORAGE: there is no store buckett; did you mean bucket?',
    );
    expect(await problem(open.get('bad'))).toContain(
      'STORE_BAD_USE: there is no store memry; did you mean memory?',
    );
    expect(await problem(open.get('key'))).toContain('did you mean STORE_KEY_MAX_BYTES?');
    expect(await problem(open.get('layer'))).toContain(
      'STORE_LAYER_LAYERS: there is no layer metric; did you mean metrics?',
    );
    expect(await problem(open.get('owner'))).toBe(
      'STORE_OWNER_EXECUTOR is set, but STORE_OWNER_LAYERS does not name executor',
    );
    expect(await problem(open.get('split'))).toContain(
      'split: there is no store bukket; did you mean bucket?',
    );
    expect(await problem(open.get('primary_deferred(bucket)'))).toContain(
      'takes 2 (primary, deferred) stores',
    );
    expect(await problem(open.get('fallback(bucket)'))).toContain('it needs 2 or more');
    expect(await problem(open.get('fallback(bucket, bucket)'))).toContain('names bucket twice');
  });

  it('refuses names that an expression could not say', () => {
    for (const name of ['Bucket', 'my_store', 'a-b', '', 'poly']) {
      expect(() => wire({ [name]: { use: 'memory' } })).toThrow(SettingsError);
    }
  });

  it('finds a circle, from wherever it is entered and when entered twice at once', async () => {
    const circle = {
      a: { use: 'fallback', children: 'leaf, b' },
      b: { use: 'poly', children: 'poly(c)' },
      c: { use: 'fallback', children: 'a, leaf' },
      leaf: { use: 'memory' },
    };
    expect(await problem(wire(circle).get('a'))).toBe(
      'the stores are wired in a circle: c -> a -> b -> poly(c) -> c',
    );
    const open = wire(circle);
    const both = await Promise.allSettled([open.get('a'), open.get('b'), open.get('c')]);
    expect(both.every((r) => r.status === 'rejected' && /circle/.test(String(r.reason)))).toBe(true);
    expect(await problem(wire({ a: { use: 'poly', children: 'a' } }).get('a'))).toContain('a -> a');
  });

  it('closes containers and layers before what they are made of', async () => {
    const open = wire({ ...three, one: { use: 'memory', layers: 'metrics,executor' } });
    await open.get('poly(fallback(one, two), three)');
    const order: string[] = [];
    for (const store of open.all()) {
      const close = store.close.bind(store);
      Object.assign(store, {
        close: () => close().then(() => void order.push(`${store.name}/${store.use}`)),
      });
    }
    await open.close();
    const at = (name: string): number => order.indexOf(name);
    expect(order.length).toBe(7);
    expect(order[0]).toBe('poly(fallback(one, two), three)/poly');
    expect(at('fallback(one, two)/fallback')).toBeLessThan(at('one/metrics'));
    expect(at('one/metrics')).toBeLessThan(at('one/executor'));
    expect(at('one/executor')).toBeLessThan(at('one/memory'));
    expect(at('fallback(one, two)/fallback')).toBeLessThan(at('two/memory'));
  });

  it('goes on closing after a failure and reports every one', async () => {
    const open = wire(three);
    await open.get('poly(one, two, three)');
    const closed: string[] = [];
    for (const store of open.all()) {
      Object.assign(store, {
        close: async () => {
          closed.push(store.name);
          if (store.name === 'one' || store.name === 'three') throw new Error(`${store.name} stays`);
        },
      });
    }
    const error = await open.close().catch((e: unknown) => e);
    expect(closed.length).toBe(4);
    expect(error).toBeInstanceOf(AggregateStorageError);
    expect((error as AggregateStorageError).errors.map((e) => (e as Error).message).sort()).toEqual([
      'one stays',
      'three stays',
    ]);
    expect((error as Error).message).toMatch(/one stays.*three stays|three stays.*one stays/);
  });

  it('reports a lone failure of closing, too', async () => {
    const open = wire(three);
    Object.assign(await open.get('one'), { close: () => Promise.reject(new Error('stuck')) });
    await expect(open.close()).rejects.toThrow('stuck');
  });

  it('opens nothing after close', async () => {
    const open = wire(three);
    await open.close();
    await expect(open.get('one')).rejects.toMatchObject({ code: 'closed' });
  });

  it('may try again what could not be opened', async () => {
    const open = wire({ files: { use: 'fs', root: join(dataDir, 'file', 'inside') } });
    await writeFile(join(dataDir, 'file'), 'in the way');
    await expect(open.get('files')).rejects.toThrow();
    await rm(join(dataDir, 'file'));
    expect((await open.get('files')).use).toBe('fs');
  });

  it('wraps a store in its layers, outermost first', async () => {
    const open = wire({ one: { use: 'memory', layers: 'metrics, redactor, executor', executor: 'none' } });
    const uses: string[] = [];
    for (let s: Store | undefined = await open.get('one'); s; s = s.children[0]) uses.push(s.use);
    expect(uses).toEqual(['metrics', 'redactor', 'executor', 'memory']);
  });

  it('puts an fs store without a root under the data directory', async () => {
    const open = wire({ files: { use: 'fs' } });
    await open.get('files');
    await expect(rm(join(dataDir, 'stores', 'files', 'auxilio-layout.json'))).resolves.toBeUndefined();
  });
});

describe('stores from outside', () => {
  it('load by the path of a module, relative to the base directory', async () => {
    const open = wire({ mine: { use: './index.ts', greeting: 'hi' } }, OUTSIDE);
    const store = await open.get('fallback(mine, other)').catch(() => open.get('mine'));
    expect(store).toMatchObject({ name: 'mine', use: 'outside', greeting: 'hi' });
  });

  it('load by the name of an installed package', async () => {
    await mkdir(join(dataDir, 'node_modules'));
    await symlink(OUTSIDE, join(dataDir, 'node_modules', 'auxilio-outside-store'));
    const open = wire({ mine: { use: 'auxilio-outside-store' }, other: { use: 'memory' } });
    expect(await open.get('mine')).toMatchObject({ use: 'outside', greeting: 'hello' });
    expect([...(await open.get('fallback(mine, other)')).capabilities]).toEqual([
      'processed.write',
      'processed.read',
    ]);
  });

  it('have their settings checked like our own', async () => {
    const open = wire({ mine: { use: './index.ts', greting: 'hi' } }, OUTSIDE);
    expect(await problem(open.get('mine'))).toContain('did you mean STORE_MINE_GREETING?');
  });

  it('say what is wrong when there is none, or it is no store', async () => {
    await writeFile(join(dataDir, 'no.ts'), 'export default { name: "no" };\n');
    const open = wire({ a: { use: './nowhere.ts' }, b: { use: 'not-installed' }, c: { use: './no.ts' } });
    expect(await problem(open.get('a'))).toMatch(/STORE_A_USE: .*nowhere\.ts cannot be loaded/);
    expect(await problem(open.get('b'))).toContain('neither a path nor an installed package');
    expect(await problem(open.get('c'))).toContain('was not made with defineBackend');
  });

  storageSuite(
    { describe, it },
    {
      use: 'outside',
      lacks: CAPABILITIES.filter((c) => c !== 'processed.write' && c !== 'processed.read'),
      async open() {
        const open = openStores({
          definitions: definitionsOf({ mine: { use: './index.ts' } }),
          dataDir: '/',
          baseDir: OUTSIDE,
          log: silentLog,
        });
        return { store: await open.get('mine'), dispose: () => open.close() };
      },
    },
  );
});
