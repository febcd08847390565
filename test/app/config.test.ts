/** Configuration: precedence, mistakes that name their key, secrets, what a container platform injects. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { splitSettings } from '../../src/app/config/command-line.ts';
import { type Configuration, loadConfiguration } from '../../src/app/config/configuration.ts';
import { configReference } from '../../src/app/config/reference.ts';
import { SECTION_NAMES, SECTIONS, settingKey } from '../../src/app/config/sections.ts';
import { verifyUses } from '../../src/app/config/store-uses.ts';
import { wiringText } from '../../src/app/config/wiring-text.ts';
import { repository, temporaryFolder } from '../build/running-auxilio.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

interface Sources {
  readonly environment?: Readonly<Record<string, string>>;
  readonly commandLine?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
}

const load = (sources: Sources = {}): Promise<Configuration> =>
  loadConfiguration({
    commandLine: new Map(Object.entries(sources.commandLine ?? {})),
    files: sources.files ?? [],
    environment: sources.environment ?? {},
    cwd: folder.path,
  });

async function file(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

describe('precedence', () => {
  it('is command line, AUXILIO_ environment, environment, my.env, embedded.env, default', async () => {
    expect((await load()).settings.web.port).toBe(8000);
    await file('config/my.env', 'WEB_PORT=1001\nCOLLECTOR_STORAGE=crashes\n');
    expect((await load()).settings.web.port).toBe(1001);
    expect((await load({ environment: { WEB_PORT: '1002' } })).settings.web.port).toBe(1002);
    const both = { AUXILIO_WEB_PORT: '1003', WEB_PORT: '1002' };
    expect((await load({ environment: both })).settings.web.port).toBe(1003);
    expect((await load({ environment: both, commandLine: { WEB_PORT: '1004' } })).settings.web.port).toBe(
      1004,
    );
  });

  it('reads the listed files in order, later ones win', async () => {
    await file('a.env', 'WEB_PORT=1\nLOG_LEVEL=error');
    await file('b.env', 'WEB_PORT=2');
    const { settings, stores } = await load({ environment: { AUXILIO_ENV_FILES: 'a.env, b.env' } });
    expect([settings.web.port, settings.app.log_level, stores.size]).toEqual([2, 'error', 0]);
  });

  it('reads a folder of files after them', async () => {
    await file('conf.d/10.env', 'WEB_PORT=10');
    await file('conf.d/20.env', 'WEB_PORT=20');
    await file('conf.d/readme.txt', 'WEB_PORT=30');
    expect((await load({ environment: { AUXILIO_CONFIG_DIR: 'conf.d' } })).settings.web.port).toBe(20);
  });

  it('refuses files and folders that cannot be read', async () => {
    await expect(load({ files: ['nope.env'] })).rejects.toThrow(
      /config file .*nope\.env cannot be read \(ENOENT\)/,
    );
    await expect(load({ environment: { AUXILIO_CONFIG_DIR: 'nope' } })).rejects.toThrow(
      /AUXILIO_CONFIG_DIR .*nope cannot be read/,
    );
  });
});

describe('mistakes', () => {
  it.each([
    [
      'COLLECTOR_MAX_PARTZ',
      '1',
      /COLLECTOR_MAX_PARTZ \(environment COLLECTOR_MAX_PARTZ\) is not a setting; did you mean COLLECTOR_MAX_PARTS\?/,
    ],
    ['WEB_PROT', '1', /did you mean WEB_PORT\?/],
    ['AUXILIO_NONSENSE', '1', /NONSENSE .* is not a setting/],
    ['WEB_PORT', 'eighty', /WEB_PORT/],
    ['COLLECTOR_MAX_DUMP', 'plenty', /COLLECTOR_MAX_DUMP: must be like 64MB/],
    ['STORE_CRASHES_ROOTS', '/x', /STORE_CRASHES_ROOTS is not a setting; did you mean STORE_CRASHES_ROOT\?/],
    ['STORE_OTHER_ROOT', '/x', /STORE_OTHER_USE is missing/],
    ['STORE_CRASHES_USE', 'sqlit', /there is no store sqlit; did you mean sqlite\?/],
    ['QUEUE_USE', 'rabbit', /rabbit is not a queue/],
    ['COLLECTOR_STORAGE', 'fallback(crashes, nope)', /nope/],
    ['WEB_SEARCH', 'crashes', /WEB_SEARCH: crashes has no search/],
  ])('%s=%s is an error that names it', async (key, value, message) => {
    const checked = async (): Promise<void> => verifyUses(await load({ environment: { [key]: value } }));
    await expect(checked()).rejects.toThrow(message);
  });

  it('shows where an expression is wrong', async () => {
    await expect(
      verifyUses(await load({ environment: { WEB_SOURCE: 'fallback(crashes; index)' } })),
    ).rejects.toThrow(/\^/);
  });

  it('leaves other programs’ variables alone', async () => {
    await expect(
      load({ environment: { PATH: '/bin', WEB_CONCURRENCY: '4', QUEUED: '1', DATA: 'x' } }),
    ).resolves.toBeDefined();
  });

  it('ignores what a container platform injects, with a note', async () => {
    const environment = {
      COLLECTOR_PORT: 'tcp://10.0.0.7:8001',
      COLLECTOR_SERVICE_HOST: '10.0.0.7',
      COLLECTOR_SERVICE_PORT_HTTP: '8001',
      COLLECTOR_PORT_8001_TCP_ADDR: '10.0.0.7',
    };
    const { settings, gathered } = await load({ environment });
    expect(settings.collector.port).toBe(8001);
    expect(gathered.notes).toHaveLength(4);
  });

  it('ignores those of a service that is named auxilio', async () => {
    const { gathered } = await load({
      environment: {
        AUXILIO_PORT: 'tcp://10.0.0.7:8000',
        AUXILIO_SERVICE_HOST: '10.0.0.7',
        AUXILIO_SERVICE_PORT: '8000',
        AUXILIO_PORT_8000_TCP_PROTO: 'tcp',
      },
    });
    expect(gathered.notes).toHaveLength(4);
  });

  it('finds a slip in a store that nobody uses', async () => {
    const environment = { STORE_OLD_USE: 'fs', STORE_OLD_ROOTS: '/x' };
    await expect(load({ environment }).then(verifyUses)).rejects.toThrow('did you mean STORE_OLD_ROOT?');
  });
});

describe('secrets', () => {
  it('come from a file as well, and are masked', async () => {
    await file('token', 'hush\n');
    const configuration = await load({
      environment: { COLLECTOR_RESUBMIT_TOKEN_FILE: join(folder.path, 'token') },
    });
    expect(configuration.settings.collector.resubmit_token).toBe('hush');
    const text = await wiringText(
      await load({
        environment: { COLLECTOR_RESUBMIT_TOKEN: 'hush', DATABASE_URL: 'postgres://u:hush@h/d' },
      }),
    );
    expect(text).not.toContain('hush');
    expect(text).toContain('COLLECTOR_RESUBMIT_TOKEN=********');
  });

  it('are shown with the file they came from, and the higher precedence wins', async () => {
    const path = await file('token', 'from the file');
    const key = 'COLLECTOR_RESUBMIT_TOKEN';
    const lower = { COLLECTOR_RESUBMIT_TOKEN: 'from the environment' };
    const both = await load({ environment: lower, commandLine: { [`${key}_FILE`]: path } });
    expect(both.settings.collector.resubmit_token).toBe('from the file');
    expect(await wiringText(both)).toContain(`${key}=********  (--collector-resubmit-token-file)`);
    await file('config/my.env', `${key}=x\n${key}_FILE=${path}\n`);
    expect((await load({ environment: lower })).settings.collector.resubmit_token).toBe(
      'from the environment',
    );
    expect((await load()).settings.collector.resubmit_token).toBe('from the file');
  });

  it('say which file cannot be read', async () => {
    await expect(load({ environment: { COLLECTOR_RESUBMIT_TOKEN_FILE: '/nope' } })).rejects.toThrow(
      'COLLECTOR_RESUBMIT_TOKEN_FILE: /nope cannot be read (ENOENT)',
    );
  });
});

describe('insecure development overrides', () => {
  const files = 'config/embedded.env,config/never_on_a_server.env';

  it('are refused unless the environment is development', async () => {
    await expect(load({ environment: { AUXILIO_ENV_FILES: files } })).rejects.toThrow(
      /never_on_a_server\.env is for development only/,
    );
    await expect(load({ environment: { AUXILIO_ENV_FILES: files, ENVIRONMENT: 'staging' } })).rejects.toThrow(
      /development only/,
    );
    await expect(
      load({ environment: { AUXILIO_ENV_FILES: files, ENVIRONMENT: 'development' } }),
    ).resolves.toBeDefined();
  });

  it('are refused under another file name too', async () => {
    await file('copy.env', await readFile(join(repository, 'config/never_on_a_server.env'), 'utf8'));
    await expect(load({ files: ['copy.env'] })).rejects.toThrow(
      /INSECURE_DEVELOPMENT is for development only/,
    );
  });
});

describe('command line', () => {
  it('takes every setting as an option and leaves the rest', () => {
    const { settings, rest } = splitSettings([
      'up',
      '--web-port',
      '9',
      '--data-dir=/x',
      '--store-a-use',
      'fs',
      '--check',
      '--',
      '--web-port',
      '1',
    ]);
    expect(Object.fromEntries(settings)).toEqual({ WEB_PORT: '9', DATA_DIR: '/x', STORE_A_USE: 'fs' });
    expect(rest).toEqual(['up', '--check', '--', '--web-port', '1']);
  });

  it('wants a value', () => {
    expect(() => splitSettings(['up', '--web-port'])).toThrow('--web-port needs a value');
  });
});

describe('reference', () => {
  it('is fresh (npm run auxilio -- config --reference)', async () => {
    expect(await readFile(join(repository, 'docs/reference/config.md'), 'utf8')).toBe(
      await configReference(),
    );
  });

  it('documents every key once', () => {
    const keys = SECTION_NAMES.flatMap((section) =>
      Object.keys(SECTIONS[section]).map((key) => settingKey(section, key)),
    );
    expect(new Set(keys).size).toBe(keys.length);
    const undocumented = SECTION_NAMES.flatMap((section) =>
      Object.entries(SECTIONS[section] as Record<string, { doc?: string }>)
        .filter(([, { doc }]) => !doc)
        .map(([key]) => settingKey(section, key)),
    );
    expect(undocumented).toEqual([]);
  });
});
