/** The program as its users run it: a process of its own on free ports and a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const repository = join(import.meta.dirname, '../..');
const bin = join(repository, 'src/app/bin/auxilio.ts');

export interface RunningAuxilio {
  readonly process: ChildProcess;
  readonly dataDir: string;
  /** `http://127.0.0.1:PORT/submit` */
  readonly collectorUrl: string;
  /** `http://127.0.0.1:PORT` */
  readonly webUrl: string;
  readonly oneTimeLink: string;
  /** What it wrote to stderr so far. */
  stderr(): string;
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly services?: string;
}

/** A folder that the caller removes with the returned function. */
export async function temporaryFolder(
  prefix = 'auxilio-',
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function environment(options: StartOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    // As `npm start` has it: half of what a command costs is compiling.
    NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/auxilio'),
    DATA_DIR: options.dataDir,
    COLLECTOR_PORT: '0',
    WEB_PORT: '0',
    CRONTABBER_PORT: '0',
    LOG_LEVEL: 'warn',
    ...options.env,
  };
}

interface Lines {
  readonly seen: Map<string, string>;
  readonly ready: Promise<void>;
}

/** Reads `label  value` lines until the last one of the start. */
function readStart(child: ChildProcess, stderr: () => string): Lines {
  const seen = new Map<string, string>();
  const ready = new Promise<void>((resolve, reject) => {
    if (!child.stdout) return reject(new Error('no stdout'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [label = '', value = ''] = line.split(/\s{2,}/);
      seen.set(label, value);
      if (line.startsWith('Ctrl-C')) resolve();
    });
    child.once('exit', (code) =>
      reject(new Error(`auxilio ended with ${code} before it was ready: ${stderr()}`)),
    );
  });
  return { seen, ready };
}

/** Resolves when the program says that it runs. */
export async function startAuxilio(options: StartOptions): Promise<RunningAuxilio> {
  const child = spawn(process.execPath, [bin, ...(options.services ?? 'up').split(' ')], {
    cwd: options.dataDir,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const { seen, ready } = readStart(child, () => errors);
  await ready;
  return {
    process: child,
    dataDir: options.dataDir,
    collectorUrl: seen.get('collector') ?? '',
    webUrl: (seen.get('web') ?? '').replace(/\/$/, ''),
    oneTimeLink: seen.get('open once') ?? '',
    stderr: () => errors,
    async stop() {
      child.kill('SIGINT');
      return (await exited)[0];
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. `input` goes to stdin. */
export async function runAuxilio(
  args: readonly string[],
  options: StartOptions,
  input = '',
): Promise<CommandResult> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.dataDir,
    env: environment(options),
    stdio: 'pipe',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Polls until `check` gives something; rejects after `limitMs` with what it was waiting for. */
export async function eventually<T>(
  what: string | (() => string),
  check: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end)
      throw new Error(`${typeof what === 'string' ? what : what()}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
