/** A store, a rule and a job from outside, by path and as an installed package, through the real configuration. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { loadConfiguration } from '../../src/app/config/configuration.ts';
import { wiringText } from '../../src/app/config/wiring-text.ts';
import { openApp } from '../../src/app/container.ts';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { need } from '../../src/storage/contract.ts';
import { rawCrash } from '../build/raw-crash.ts';
import { repository, temporaryFolder } from '../build/running-auxilio.ts';

const FIXTURES = join(repository, 'test/fixtures');
const signal = new AbortController().signal;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let apps: App[] = [];

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-outside-');
  await mkdir(join(folder.path, 'node_modules'));
  await symlink(join(FIXTURES, 'outside'), join(folder.path, 'node_modules/auxilio-outside'));
  await symlink(join(FIXTURES, 'outside-store'), join(folder.path, 'node_modules/auxilio-outside-store'));
});

afterEach(async () => {
  for (const app of apps) await app.close();
  apps = [];
  await folder.remove();
});

const configure = (environment: Readonly<Record<string, string>>) =>
  loadConfiguration({
    commandLine: new Map(),
    files: [],
    environment: { LOG_LEVEL: 'silent', ...environment },
    cwd: folder.path,
  });

async function open(environment: Readonly<Record<string, string>>): Promise<App> {
  const app = openApp(await configure(environment));
  apps.push(app);
  return app;
}

const path = (file: string): string => join(FIXTURES, file);
const STORE = { PROCESSOR_DESTINATION: 'poly(crashes, index, mine)' };

describe.each([
  [
    'by path',
    path('outside-store/index.ts'),
    path('outside/rule.ts'),
    path('outside/job.ts'),
    path('outside/signature-rule.ts'),
  ],
  [
    'as a package',
    'auxilio-outside-store',
    'auxilio-outside/rule',
    'auxilio-outside/job',
    'auxilio-outside/signature-rule',
  ],
] as const)('%s', (_how, store, rule, job, signatureRule) => {
  it('a store keeps what a rule has made', async () => {
    const app = await open({ ...STORE, STORE_MINE_USE: store, PROCESSOR_RULES: rule });
    const raw = rawCrash({ ProductName: 'Editor', Rack: 'B7' });
    const stores = await app.stores();
    await need(await stores.get('crashes'), 'test', 'report.write').saveReport({ raw, dumps: [] });
    await (await app.processor()).process(raw.id, 'default', { signal });
    const mine = need(await stores.get('mine'), 'test', 'processed.read');
    const processed = await mine.readProcessed(raw.id);
    expect(processed['rack']).toBe(`B7: ${processed.signature}`);
    expect(processed).toMatchObject({ complete: true, set_by: { rack: 'rack' } });
  });

  it('a signature rule stands among the others', async () => {
    const signatures = await (await open({ SIGNATURE_RULES: signatureRule })).signatures();
    expect(signatures.generate({})).toMatchObject({
      signature: 'no stack | EMPTY: no frame data available',
      trace: { steps: expect.arrayContaining([expect.objectContaining({ rule: 'no-stack' })]) },
    });
  });

  it('a job runs once for its period', async () => {
    const app = await open({ CRONTABBER_MODULES: job, CRONTABBER_JOBS: 'count-hours|1h' });
    const loop = await app.crontabber();
    expect(await loop.runDue({ signal })).toEqual(['count-hours']);
    expect(await loop.runDue({ signal })).toEqual([]);
    const state = (await new JobStore(await app.database()).load()).get('count-hours');
    expect(state).toMatchObject({ errorCount: 0, lastError: undefined });
  });
});

describe('modules that cannot be used', () => {
  const module = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder.path, name), text);
    return `./${name}`;
  };

  it.each([
    ['PROCESSOR_RULES', (app: App) => app.processor()],
    ['SIGNATURE_RULES', (app: App) => app.signatures()],
    ['CRONTABBER_MODULES', (app: App) => app.crontabber()],
  ] as const)('%s says which one', async (key, start) => {
    const refusal = async (value: string) => expect(start(await open({ [key]: value }))).rejects;
    await (await refusal('./nope.ts')).toThrow(new RegExp(`^${key}: .*nope\\.ts cannot be loaded`));
    await (await refusal('no-such-package')).toThrow(`${key}: no-such-package is neither a path nor`);
    const broken = await module('broken.ts', 'export default {');
    await (await refusal(broken)).toThrow(/broken\.ts cannot be loaded/);
    const empty = await module('empty.ts', 'export default { name: "empty" };');
    await (await refusal(empty)).toThrow(`${key}: the default export of ./empty.ts has no run`);
    const lost = await module(
      'lost.ts',
      'export default { name: "lost", after: ["nobody"], every: "1d", timeoutMs: 1, run() {} };',
    );
    await (await refusal(lost)).toThrow(/lost comes after nobody, which does not exist/);
  });

  it('a store says which key named it, and its options are checked when the configuration is', async () => {
    const bad = await module('bad.ts', 'export default { name: "bad" };');
    await expect(configure({ STORE_MINE_USE: bad })).rejects.toThrow(
      `STORE_MINE_USE: the default export of ${bad} was not made with defineBackend`,
    );
    const app = await open({ STORE_MINE_USE: path('outside-store/index.ts'), STORE_MINE_GREETNG: 'x' });
    await expect(app.stores()).rejects.toThrow(
      'STORE_MINE_GREETNG is not a setting; did you mean STORE_MINE_GREETING?',
    );
  });

  it('a queue that is none says so', async () => {
    const bad = await module('bad.ts', 'export default { name: "bad" };');
    await expect(configure({ QUEUE_USE: bad })).rejects.toThrow(/was not made with defineQueue/);
    await expect(configure({ QUEUE_US: 'fs' })).rejects.toThrow('did you mean QUEUE_USE?');
  });
});

describe('secrets of a store from outside', () => {
  it('are masked when its schema says so, whatever their name', async () => {
    const definition = join(repository, 'src/storage/definition.ts');
    await writeFile(
      join(folder.path, 'vault.ts'),
      `import { defineBackend } from ${JSON.stringify(definition)};
       export default defineBackend({ use: 'vault', open: () => { throw new Error('no'); },
         schema: { word: { doc: 'w', format: String, default: '', sensitive: true }, place: { doc: 'p', format: String, default: '' } } });`,
    );
    await writeFile(join(folder.path, 'word'), 'hush\n');
    const use = { STORE_V_USE: './vault.ts', STORE_V_PLACE: 'here' };
    const text = await wiringText(await configure({ ...use, STORE_V_WORD: 'hush' }));
    expect(text).toContain('STORE_V_WORD=********');
    expect(text).toContain('STORE_V_PLACE=here');
    expect(text).not.toContain('hush');
    const fromFile = await configure({ ...use, STORE_V_WORD_FILE: join(folder.path, 'word') });
    expect(fromFile.stores.get('v')?.options).toEqual({ word: 'hush', place: 'here' });
  });
});
