import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { CONTAINERS } from '../../src/storage/container-names.ts';
import type { StoreDefinition } from '../../src/storage/definitions.ts';
import { openStores } from '../../src/storage/open-stores.ts';
import { checkWiring, describeWiring, type WiringNode } from '../../src/storage/wiring.ts';

const baseDir = import.meta.dirname;

const define = (named: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  new Map<string, StoreDefinition>(
    Object.entries(named).map(([name, { use = '', ...options }]) => [
      name,
      { use, options, label: (key: string) => `STORE_${name}_${key}`.toUpperCase() },
    ]),
  );

const CONTAINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  poly: { children: 'a, b' },
  fallback: { children: 'a, b' },
  primary_deferred: { primary: 'a', deferred: 'b' },
  primary_deferred_processed: { primary: 'a', deferred: 'b', processed: 'c' },
};

/** Of engines the conformance suite compares the same. */
const EMBEDDED = ['fs', 'memory', 'null', 'sqlite', ...CONTAINERS];

describe('describeWiring', () => {
  it.each(EMBEDDED)('knows what %s can do without opening it', async (use) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'auxilio-wiring-'));
    const leaf = { use: 'memory' };
    const definitions = define({ x: { use, ...CONTAINED[use] }, a: leaf, b: leaf, c: leaf });
    const node = await describeWiring('x', { definitions, baseDir, label: 'X' });
    const stores = openStores({ definitions, dataDir, baseDir, log: silentLog });
    try {
      const store = await stores.get('x');
      expect([...(node.capabilities ?? ['unknown'])].sort()).toEqual([...store.capabilities].sort());
      expect(node.children.map((c) => c.name)).toEqual(store.children.map((c) => c.name));
    } finally {
      await stores.close();
      await rm(dataDir, { recursive: true });
    }
  });

  it.each([
    [
      'poly(a, nosuch)',
      'X: there is no store nosuch; the stores are: a, split\n  poly(a, nosuch)\n          ^',
    ],
    [
      'fallback(a, poly(a, spilt))',
      'X: there is no store spilt; did you mean split?\n  fallback(a, poly(a, spilt))\n                      ^',
    ],
    ['poly(a, primary_deferred(a))', 'X: primary_deferred takes 2 (primary, deferred) stores'],
    ['split', 'STORE_SPLIT_DEFERRED: there is no store nosuch; the stores are: a, split'],
    ['nosuch', 'X: there is no store nosuch; the stores are: a, split'],
  ])('names the setting of %s and shows the place', async (expression, message) => {
    const definitions = define({
      a: { use: 'memory' },
      split: { use: 'primary_deferred', primary: 'a', deferred: 'nosuch' },
    });
    const failure = describeWiring(expression, { definitions, baseDir, label: 'X' });
    await expect(failure).rejects.toThrow(message);
  });

  it('gives the tree with layers', async () => {
    const definitions = define({
      bucket: { use: 'memory', layers: 'metrics,executor', executor: 'limited', executor_delays: '1s,2s' },
      spare: { use: 'fs', layout: 'socorro' },
    });
    const node = await describeWiring('poly(fallback(bucket, spare), bucket)', {
      definitions,
      baseDir,
      label: 'X',
    });
    const outline = (n: WiringNode): unknown => [n.name, n.layers, n.waitingMs, n.children.map(outline)];
    const bucket = ['bucket', ['metrics', 'executor'], 3000, []];
    expect(outline(node)).toEqual([
      'poly(fallback(bucket, spare), bucket)',
      [],
      0,
      [['fallback(bucket, spare)', [], 0, [bucket, ['spare', [], 0, []]]], bucket],
    ]);
    expect(node.children[0]?.capabilities?.has('blobs')).toBe(false);
  });

  it('finds a circle without opening anything', async () => {
    const definitions = define({
      a: { use: 'poly', children: 'b' },
      b: { use: 'poly', children: 'poly(a)' },
    });
    await expect(describeWiring('a', { definitions, baseDir, label: 'X' })).rejects.toThrow(
      'the stores are wired in a circle: a -> b -> poly(a) -> a',
    );
  });

  it.each([
    [{ use: 'fs', depth: '9' }, 'STORE_A_DEPTH: must be 1, 2, 3 or 4'],
    [{ use: 'fs', dated: 'yes' }, 'STORE_A_DATED: is a setting of layout socorro'],
    [{ use: 'fs', tree: 'legacy' }, 'STORE_A_TREE: is a setting of layout socorro'],
    [{ use: 'fs', layout: 'socorro', depth: '3' }, 'STORE_A_DEPTH: is a setting of layout native'],
    [{ use: 'primary_deferred', when: '{"feld":1}' }, 'STORE_A_WHEN: has the keys "feld"'],
    [{ use: 'primary_deferred', when: '{"any":[{"sample":101}]}' }, 'STORE_A_WHEN.any[0].sample: must be'],
    [{ use: 'primary_deferred_processed', when: '{"field":"F","matches":"("}' }, 'STORE_A_WHEN.matches: Inv'],
  ])('finds what a schema cannot say in %j, without opening anything', async (a, message) => {
    const children = a.use.startsWith('primary') ? { primary: 'b', deferred: 'b', processed: 'b' } : {};
    const { processed, ...two } = children as Readonly<Record<string, string>>;
    const named = a.use === 'primary_deferred_processed' ? children : two;
    const definitions = define({ a: { ...named, ...a }, b: { use: 'memory' } });
    await expect(describeWiring('poly(a, b)', { definitions, baseDir, label: 'X' })).rejects.toThrow(message);
  });
});

describe('checkWiring', () => {
  const definitions = define({
    endless: { use: 'memory', layers: 'executor', executor: 'infinite' },
    patient: { use: 'memory', layers: 'executor', executor_delays: '10s,30s' },
    twice: { use: 'fallback', children: 'patient, other', layers: 'executor', executor_delays: '5s' },
    other: { use: 'memory' },
  });
  const check = async (expression: string, use: Omit<Parameters<typeof checkWiring>[1], 'label'>) =>
    checkWiring(await describeWiring(expression, { definitions, baseDir, label: 'X' }), {
      label: 'X',
      ...use,
    });

  it('refuses an endless executor under a fallback, however deep', async () => {
    expect(await check('fallback(poly(endless), other)', {})).toEqual([
      'X: endless has EXECUTOR=infinite and is under fallback(poly(endless), other), which would never get on',
    ]);
    expect(await check('poly(endless, fallback(other, patient))', {})).toEqual([]);
  });

  it("refuses an endless executor in the web's path and in a task", async () => {
    expect(await check('endless', { interactive: true })).toEqual([
      'X: endless has EXECUTOR=infinite, and people wait for the page',
    ]);
    expect(await check('endless', { taskLimitMs: 60_000 })).toHaveLength(1);
    expect(await check('endless', {})).toEqual([]);
  });

  it('refuses executors that wait as long as a task may take', async () => {
    expect(await check('patient', { taskLimitMs: 40_001 })).toEqual([]);
    expect(await check('patient', { taskLimitMs: 40_000 })).toHaveLength(1);
    expect((await check('twice', { taskLimitMs: 85_000 }))[0]).toContain('may wait 85 s');
    expect(await check('twice', { taskLimitMs: 85_001 })).toEqual([]);
  });

  it('says what is missing', async () => {
    expect(await check('other', { needs: ['report.write', 'search'] })).toEqual(['X: other has no search']);
  });
});
