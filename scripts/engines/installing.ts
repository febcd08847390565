/** Ways to bring programs here: Debian packages, `go install`, Maven. Each says in one line why it cannot. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from './definition.ts';

/** Long enough for a slow mirror, short enough that a hanging one does not eat CI's time. */
const INSTALL_MS = 9 * 60_000;

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** In ms; then it is killed. */
  readonly timeout?: number;
}

/** Runs a command to its end; what it prints is returned, at most its last 20 kB. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INSTALL_MS,
      ...options,
      env: { ...process.env, ...options.env },
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ status: null, output: error.message }));
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** The same; a bad end is an `Unavailable` with the last line of what it printed. */
export async function must(
  command: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<string> {
  const ran = await run(command, args, env === undefined ? {} : { env });
  if (ran.status === 0) return ran.output;
  const last = ran.output.trim().split('\n').at(-1) ?? '';
  throw new Unavailable(`${command} ${args.slice(0, 2).join(' ')} failed: ${last}`);
}

export const isOnPath = async (program: string): Promise<boolean> =>
  (await run('which', [program])).status === 0;

/** dpkg takes one at a time: those of this process wait here, those of others in apt's own wait. */
let packages: Promise<unknown> = Promise.resolve();
let listsAreFresh = false;

/** Debian packages. */
export function aptInstall(...names: readonly string[]): Promise<void> {
  const installed = packages.then(async () => {
    if (!existsSync('/usr/bin/apt-get')) throw new Unavailable(`no apt-get here to install ${names[0]}`);
    if (process.getuid?.() !== 0) throw new Unavailable(`not root, so ${names[0]} cannot be installed`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const lock = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
    if (!listsAreFresh) await must('apt-get', ['update', ...lock], env);
    listsAreFresh = true;
    await must('apt-get', ['install', '-y', '--no-install-recommends', ...lock, ...names], env);
  });
  packages = installed.catch(() => undefined);
  return installed;
}

/** `go install MODULE`: its program goes into `folder`. */
export async function goInstall(module: string, folder: string): Promise<void> {
  if (!(await isOnPath('go'))) throw new Unavailable(`no go here to build ${module}`);
  mkdirSync(folder, { recursive: true });
  await must('go', ['install', module], { GOBIN: folder, GOFLAGS: '' });
}

export interface Artifact {
  readonly group: string;
  readonly id: string;
  readonly version: string;
}

function pom(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ({ group, id, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>auxilio.engines</groupId><artifactId>engine</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`;
}

/** The artifacts and all they need, as jars in `folder`/lib. */
export async function mavenInstall(artifacts: readonly Artifact[], folder: string): Promise<void> {
  if (!(await isOnPath('mvn'))) await aptInstall('maven');
  const lib = join(folder, 'lib');
  rmSync(lib, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'pom.xml');
  writeFileSync(file, pom(artifacts));
  // The plugin's version is fixed: what Maven takes by itself differs from one Maven to the next.
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  await must('mvn', ['-q', '-B', '-f', file, plugin, '-DincludeScope=runtime', `-DoutputDirectory=${lib}`]);
}

/** A package of PyPI, without those that it names, in `folder`. */
export async function pipInstall(requirement: string, folder: string): Promise<void> {
  if (!(await isOnPath('pip3'))) await aptInstall('python3-pip');
  await must('pip3', ['install', '--quiet', '--no-deps', '--target', folder, requirement]);
}
