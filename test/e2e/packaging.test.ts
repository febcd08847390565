/** Both ways in: a clone with nothing installed, and the packed tarball in an empty folder. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, repository, temporaryFolder } from '../build/running-auxilio.ts';
import { postCrash, SAMPLE_SIGNATURE, sampleDump } from '../build/sample-crash.ts';

/** Packages are fetched from the registry. */
const LIMIT_MS = 600_000;
const RSS_LIMIT_MB = 250;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let clone = '';

/** Folders of this checkout's own tools are left out of PATH: the user's shell does not have them. */
const userPath = (process.env['PATH'] ?? '')
  .split(':')
  .filter((entry) => !entry.startsWith(repository))
  .join(':');
const environment = (extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  PATH: userPath,
  HOME: process.env['HOME'],
  COLLECTOR_PORT: '0',
  WEB_PORT: '0',
  LOG_LEVEL: 'warn',
  ...extra,
});

/** What a clone of the working tree as it is now would hold. */
function copyTree(to: string): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  for (const file of files.split('\0')) {
    if (!file || !existsSync(join(repository, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(repository, file), join(to, file));
  }
}

interface Started {
  readonly collector: string;
  readonly web: string;
  readonly pids: readonly number[];
  stop(): Promise<number | null>;
}

/** Starts a command that prints addresses, and waits for them. */
async function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Started> {
  // A process group of its own, as a terminal gives it: Ctrl-C reaches npm and what it started.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const exited = once(child, 'close') as Promise<[number | null]>;
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const seen = new Map<string, string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    const [label = '', value = ''] = line.split(/\s{2,}/);
    seen.set(label, value);
  });
  let ended = false;
  child.once('close', () => {
    ended = true;
  });
  await eventually(
    `${command} ${args.join(' ')} to be ready`,
    async () => {
      if (ended) throw new Error(`it ended: ${output}`);
      return seen.has('Ctrl-C stops.') ? true : undefined;
    },
    LIMIT_MS,
  );
  const group = spawnSync('ps', ['-o', 'pid=', '-g', String(child.pid)], { encoding: 'utf8' }).stdout;
  return {
    collector: seen.get('collector') ?? '',
    web: (seen.get('web') ?? '').replace(/\/$/, ''),
    pids: group.trim().split(/\s+/).map(Number),
    async stop() {
      process.kill(-(child.pid as number), 'SIGINT');
      return (await exited)[0];
    },
  };
}

async function sendsAndShows(started: Started): Promise<void> {
  const { id } = await postCrash(started.collector, await sampleDump());
  await eventually(
    'the report page',
    async () => {
      const text = await (await fetch(`${started.web}/report/index/${id}`)).text();
      return text.includes(SAMPLE_SIGNATURE) && text.includes('thumbnailer.cc') ? true : undefined;
    },
    30_000,
  );
}

const rssMb = (pid: number): number =>
  Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() || 0) / 1024;

beforeAll(async () => {
  folder = await temporaryFolder('auxilio-packaging-');
  clone = join(folder.path, 'clone');
  mkdirSync(clone);
  copyTree(clone);
});

afterAll(() => folder.remove());

describe('a clone', { timeout: LIMIT_MS }, () => {
  it('starts with npm start on the system’s Node, takes a crash, stays small, stops on Ctrl-C', async () => {
    const started = await start(
      'npm',
      ['start'],
      clone,
      environment({ DATA_DIR: join(folder.path, 'clone-data') }),
    );
    expect(Math.max(...started.pids.map(rssMb))).toBeLessThan(RSS_LIMIT_MB);
    await sendsAndShows(started);
    await started.stop();
    for (const pid of started.pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(join(clone, 'node_modules/.auxilio-installed'))).toBe(true);
  });
});

/** Publishing reaches no registry, whatever it does: nobody listens there. */
const npmInClone = (...args: readonly string[]) =>
  spawnSync(
    'npm',
    [...args, '--registry=http://127.0.0.1:9/', '--//127.0.0.1:9/:_authToken=none', '--fetch-retries=0'],
    {
      cwd: clone,
      env: environment({ PATH: `${join(clone, 'node_modules/.bin')}:${userPath}` }),
      encoding: 'utf8',
    },
  );
const tarballs = (path: string): readonly string[] =>
  readdirSync(path).filter((name) => name.endsWith('.tgz'));

describe('npm without `npm run package`', { timeout: LIMIT_MS }, () => {
  it('pack fails, writes nothing, and names what to use', () => {
    const { status, stderr } = npmInClone('pack');
    expect(status).not.toBe(0);
    expect(stderr).toContain('use-npm-run-package');
    expect(tarballs(clone)).toEqual([]);
  });

  it('publish fails', () => {
    const { status, stderr } = npmInClone('publish');
    expect(status).not.toBe(0);
    expect(stderr).toContain('EPRIVATE');
  });

  it('pack with scripts builds the same files beside the package.json, and shuts the gate behind it', () => {
    expect(npmInClone('pack', '--ignore-scripts=false')).toMatchObject({ status: 0 });
    const [tarball = ''] = tarballs(clone);
    const listing = execFileSync('tar', ['-tzf', join(clone, tarball)], { encoding: 'utf8' });
    expect(listing).toContain('package/dist/app/bin/auxilio.js\n');
    expect(listing).toContain('package/vendor/minidump/LICENSE.breakpad\n');
    rmSync(join(clone, tarball));
    expect(npmInClone('pack').status).not.toBe(0);
  });
});

describe('the package', { timeout: LIMIT_MS }, () => {
  it('installs into an empty folder without scripts, and npx auxilio up works there', async () => {
    const made = execFileSync('npm', ['run', '--silent', 'package'], {
      cwd: clone,
      env: environment(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const tarball = made.trimEnd().split('\n').at(-1) ?? '';
    expect(dirname(tarball)).toBe(clone);
    const empty = join(folder.path, 'empty');
    mkdirSync(empty);
    execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', tarball], {
      cwd: empty,
      env: environment(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const installed = JSON.parse(
      readFileSync(join(empty, 'node_modules/auxilio/package.json'), 'utf8'),
    ) as object;
    // A private package could not be published.
    expect(installed).not.toHaveProperty('private');
    const withNode = environment({
      PATH: `${dirname(process.execPath)}:${userPath}`,
      DATA_DIR: join(folder.path, 'package-data'),
    });
    const version = execFileSync('npx', ['auxilio', '--version'], {
      cwd: empty,
      env: withNode,
      encoding: 'utf8',
    });
    expect(version.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    const started = await start('npx', ['auxilio', 'up'], empty, withNode);
    await sendsAndShows(started);
    await started.stop();
    const library =
      "import { defineBackend, storageSuite } from 'auxilio/storage'; import { SignatureGenerator } from 'auxilio/signature'; console.log(typeof defineBackend, typeof storageSuite, typeof SignatureGenerator)";
    expect(
      execFileSync(process.execPath, ['--input-type=module', '-e', library], {
        cwd: empty,
        encoding: 'utf8',
      }).trim(),
    ).toBe('function function function');
  });

  it('says in one line that Node is too old', () => {
    const bin = join(folder.path, 'empty/node_modules/.bin/auxilio');
    const result = spawnSync('node', [bin, '--version'], { env: environment(), encoding: 'utf8' });
    const major = Number(
      spawnSync('node', ['-p', 'process.versions.node'], {
        env: environment(),
        encoding: 'utf8',
      }).stdout.split('.')[0],
    );
    if (major >= 22) expect(result.status).toBe(0);
    else {
      expect(result.status).toBe(1);
      expect(result.stderr).toMatch(/^auxilio needs Node 22\.13 or newer; this is \d+\.\d+\.\d+\n$/);
    }
  });
});
