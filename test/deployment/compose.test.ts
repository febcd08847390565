/** docker-compose.yml: everything that it names is there, and each profile is a configuration that would start. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ENGINES } from '../../scripts/engines/registry.ts';
import { type Configuration, loadConfiguration } from '../../src/app/config/configuration.ts';
import { verifyUses } from '../../src/app/config/store-uses.ts';
import { repository } from '../build/running-auxilio.ts';
import { faultOfCommand } from './commands.ts';

interface Service {
  readonly profiles?: readonly string[];
  readonly image: string;
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: unknown; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required: boolean }>>;
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = readFileSync(join(repository, 'docker-compose.yml'), 'utf8');
const file = parse(text, { merge: true }) as ComposeFile;
const services = Object.entries(file.services);
const ours = services.filter(([, { image }]) => image === 'auxilio');
const engines = services.filter(([, { image }]) => image !== 'auxilio');
const PRESETS = ['embedded', 'socorro', 'cassandra', 'postgres'];

/** As Compose fills in `${NAME:-default}`. */
const filled = (value: string, variables: Readonly<Record<string, string>>): string =>
  value.replace(/\$\{(\w+):-([^}]*)\}/g, (_all, name: string, other: string) => variables[name] ?? other);

function filesOf(preset: string): string {
  const [, collector] = ours.find(([name]) => name === 'collector') ?? [];
  const variables = preset === 'embedded' ? {} : { COMPOSE_PROFILES: preset };
  return filled(collector?.environment?.['AUXILIO_ENV_FILES'] ?? '', variables);
}

const load = (preset: string): Promise<Configuration> =>
  loadConfiguration({
    commandLine: new Map(),
    files: [],
    environment: { AUXILIO_ENV_FILES: filesOf(preset), DATA_DIR: '/var/lib/auxilio' },
    cwd: repository,
  });

describe('the components', () => {
  it('are a service each', () => {
    expect(ours.map(([name]) => name)).toEqual(['collector', 'processor', 'crontabber', 'web', 'init']);
  });

  it.each(ours)('%s runs a command that there is', async (_name, { command = '' }) => {
    expect(await faultOfCommand(command)).toBeUndefined();
  });

  it('refuses what is no command', async () => {
    expect(await faultOfCommand('collect')).toBe('no command collect');
    expect(await faultOfCommand('crontabber --loops')).toBe('crontabber has no option --loops');
    expect(await faultOfCommand('store inject')).toBe('store has no subcommand inject');
    expect(await faultOfCommand('store')).toBe('store needs a subcommand');
  });

  it.each(ours)('%s says whether it is well, or that nobody can ask it', (_name, { healthcheck }) => {
    // The image's own check is for what has the collector in it.
    if (healthcheck === undefined) expect(_name).toBe('collector');
    else expect(healthcheck.disable === true || healthcheck.test !== undefined).toBe(true);
  });

  it('start without engines when no profile is asked for', () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always).toEqual(['collector', 'processor', 'crontabber', 'web']);
    for (const [, { depends_on = {}, env_file = [] }] of ours) {
      for (const { required } of Object.values(depends_on)) expect(required).toBe(false);
      for (const { required } of env_file) expect(required).toBe(false);
    }
  });

  it('wait for their schemas, and those for every engine of a preset', () => {
    for (const [name, { depends_on = {} }] of ours.filter(([one]) => one !== 'init'))
      expect([name, depends_on]).toEqual([
        name,
        { init: { condition: 'service_completed_successfully', required: false } },
      ]);
    const wanted = engines.filter(([, { profiles = [] }]) => profiles.some((one) => PRESETS.includes(one)));
    const { init } = file.services;
    expect(Object.keys(init?.depends_on ?? {}).toSorted()).toEqual(wanted.map(([name]) => name).toSorted());
    expect(init?.profiles?.toSorted()).toEqual(PRESETS.filter((one) => one !== 'embedded').toSorted());
  });
});

describe.each(PRESETS)('the profile %s', (preset) => {
  it('is a configuration in which every service has what it needs', async () => {
    await expect(verifyUses(await load(preset))).resolves.toBeUndefined();
  });

  it('reaches its engines by their names, ports and passwords here', async () => {
    const { gathered } = await load(preset);
    const running = new Set(
      engines.filter(([, one]) => one.profiles?.includes(preset)).map(([name]) => name),
    );
    const reached = new Set<string>();
    for (const [key, { text: value }] of gathered.values) {
      const address = /^(?:\w+:\/\/)?(?:(\w+):(\w+)@)?([a-z0-9.]+):(\d+)(?:\/(\w+))?$/.exec(value);
      if (!address) continue;
      const [, user, password, host = '', port, database] = address;
      reached.add(host);
      const service = file.services[host];
      expect([key, running.has(host)]).toEqual([key, true]);
      expect(service?.ports?.some((published) => published.endsWith(`:${port}`))).toBe(true);
      if (host === 'postgres')
        expect({ POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database }).toEqual(
          service?.environment,
        );
    }
    expect(reached).toEqual(running);
    if (running.has('s3'))
      expect({
        ROOT_ACCESS_KEY: gathered.values.get('STORE_BUCKET_ACCESS_KEY')?.text,
        ROOT_SECRET_KEY: gathered.values.get('STORE_BUCKET_SECRET_KEY')?.text,
      }).toEqual(file.services['s3']?.environment);
  });
});

describe('the engines', () => {
  it.each(engines)(
    '%s is published on this machine alone, keeps its data and says when it is ready',
    (_name, one) => {
      for (const port of one.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z0-9_]+:-\d+\}:\d+$/);
      expect(one.volumes?.length).toBeGreaterThan(0);
      expect(one.healthcheck?.test).toBeDefined();
      expect(one.profiles).toContain('engines');
    },
  );

  it('are those that tests ask for, at the ports where they are asked', () => {
    for (const { name, container } of ENGINES) {
      if (container === undefined) continue;
      const published = file.services[container.service]?.ports ?? [];
      const variables = published.map((port) => /\$\{(\w+):-/.exec(port)?.[1]);
      expect([name, variables]).toEqual([name, container.ports]);
    }
  });

  it('are of the versions that tests run natively', () => {
    const pinned = (source: string): string => {
      const code = readFileSync(join(repository, 'scripts/engines', source), 'utf8');
      return /(?:\bVERSION = |\bversion: )'([^']+)'/.exec(code)?.[1] ?? 'none';
    };
    expect(file.services['s3']?.image).toBe(`versity/versitygw:v${pinned('versitygw.ts')}`);
    expect(file.services['cassandra']?.image).toBe(`cassandra:${pinned('cassandra.ts')}`);
    for (const [service, source] of [
      ['elasticsearch', 'elasticsearch8.ts'],
      ['elasticsearch9', 'elasticsearch9.ts'],
    ] as const)
      expect(file.services[service]?.image.split(':')[1]).toBe(pinned(source));
  });
});

describe('the file', () => {
  it('publishes nothing beyond this machine unless BIND says so', () => {
    for (const port of services.flatMap(([, { ports = [] }]) => ports)) {
      expect(filled(port, {})).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('declares the volumes that it mounts, and mounts those that it declares', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]));
    expect([...new Set(mounted)].toSorted()).toEqual(Object.keys(file.volumes).toSorted());
  });

  const compose = spawnSync('docker', ['compose', 'version']).status === 0;
  it.skipIf(!compose)(
    `is one that Compose reads${compose ? '' : ' (skipped: no docker compose here)'}`,
    () => {
      for (const preset of PRESETS) {
        const env = { ...process.env, COMPOSE_PROFILES: preset };
        const ran = spawnSync('docker', ['compose', 'config', '--quiet'], {
          cwd: repository,
          env,
          encoding: 'utf8',
        });
        expect([preset, ran.status, ran.stderr]).toEqual([preset, 0, '']);
      }
    },
  );
});
