/**
 * Builds Breakpad's client library from the source in the npm package `minidump`, and the sample program that links
 * it: real dumps of real crashes, with matching symbols. Needs g++ and make; the library is built once and kept.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = join(ROOT, 'node_modules', 'minidump');
const DEPS = join(PACKAGE, 'deps');
const SOURCES = join(ROOT, 'scripts', 'sample');
const TOOLS = join(PACKAGE, 'bin', `${process.platform}-${process.arch}`);
const LIBRARY = 'src/client/linux/libbreakpad_client.a';
/** What the debug information says instead of folders of the machine that built it. */
const PREFIX = '/src/darkroom';

export const CRASHES = ['segv', 'abort', 'exception', 'thread', 'overflow', 'album'] as const;
export type Crash = (typeof CRASHES)[number];

const onPath = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Why the client cannot be built here; undefined when it can. */
export function breakpadClientMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the client is built on Linux only';
  for (const tool of ['g++', 'make']) if (!onPath(tool)) return `${tool} is not installed`;
  return undefined;
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
};

/** Configures and makes the library in `folder`, once; several processes may ask at the same time. */
async function buildLibrary(cache: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as {
    version: string;
  };
  const done = join(cache, `breakpad-client-${version}`);
  const library = join(done, 'libbreakpad_client.a');
  if (await exists(library)) return library;
  await mkdir(cache, { recursive: true });
  const build = await mkdtemp(join(cache, 'building-'));
  try {
    const env = { ...process.env, CPPFLAGS: `-I${DEPS}` };
    await run('sh', [join(DEPS, 'breakpad', 'configure'), '--disable-processor'], { cwd: build, env });
    const flags = ['CXXFLAGS=-g -O2 -std=c++20 -Wno-error', `CPPFLAGS=-I${DEPS}`];
    await run('make', ['-j2', LIBRARY, ...flags], { cwd: build, env, maxBuffer: 64 * 1024 ** 2 });
    await mkdir(done, { recursive: true });
    await rename(join(build, LIBRARY), library);
  } finally {
    await rm(build, { recursive: true, force: true });
  }
  return library;
}

export interface SampleProgram {
  readonly path: string;
  /** Folder of symbol files, `NAME/DEBUGID/NAME.sym`. */
  readonly symbols: string;
}

async function writeSymbols(folder: string, binary: string, debugFolder?: string): Promise<string> {
  const args = ['-d', binary, ...(debugFolder ? [debugFolder] : [])];
  const { stdout } = await run(join(TOOLS, 'dump_syms'), args, { maxBuffer: 1024 ** 3, encoding: 'buffer' });
  const [, , , id, name] = stdout.subarray(0, 4096).toString('utf8').split('\n', 1)[0]?.split(' ') ?? [];
  if (!id || !name) throw new Error(`dump_syms gave no module line for ${binary}`);
  const path = join(folder, name, id);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, `${name}.sym`), stdout);
  return join(path, `${name}.sym`);
}

/** Symbols of a library of the system, with its detached debug information when that is installed (`libc6-dbg`). */
export async function systemSymbols(folder: string, library: string): Promise<string> {
  const { stdout } = await run('readelf', ['-n', library]);
  const id = /Build ID: ([0-9a-f]+)/.exec(stdout)?.[1] ?? '';
  const debug = join('/usr/lib/debug/.build-id', id.slice(0, 2));
  return writeSymbols(folder, library, (await exists(debug)) ? debug : undefined);
}

/** Compiles the sample program into `cache` (keyed by its sources) and dumps its symbols. Takes 20 s the first time. */
export async function buildSampleProgram(cache: string): Promise<SampleProgram> {
  const library = await buildLibrary(cache);
  const names = (await readdir(SOURCES)).filter((name) => /\.(cc|h)$/.test(name)).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(name).update(await readFile(join(SOURCES, name)));
  const folder = join(cache, `darkroom-${hash.digest('hex').slice(0, 16)}`);
  const program: SampleProgram = { path: join(folder, 'darkroom'), symbols: join(folder, 'symbols') };
  if (await exists(folder)) return program;
  const build = await mkdtemp(join(cache, 'building-'));
  const sources = names.filter((name) => name.endsWith('.cc')).map((name) => join(SOURCES, name));
  const maps = [`-ffile-prefix-map=${SOURCES}=${PREFIX}`, `-ffile-prefix-map=${DEPS}=/src`];
  const includes = [`-I${SOURCES}`, `-I${join(DEPS, 'breakpad', 'src')}`, `-I${DEPS}`];
  const args = ['-g', '-Og', '-std=c++17', ...maps, ...includes, ...sources, library, '-lpthread'];
  try {
    await run('g++', [...args, '-o', join(build, 'darkroom')], { maxBuffer: 64 * 1024 ** 2 });
    await writeSymbols(join(build, 'symbols'), join(build, 'darkroom'));
    await rename(build, folder);
  } catch (error) {
    await rm(build, { recursive: true, force: true });
    // Another process was faster.
    if (!(await exists(folder))) throw error;
  }
  return program;
}

/** Runs the program until it crashes; the path of the dump. Its environment is empty: a dump has a copy of it. */
export async function crash(program: SampleProgram, how: Crash, folder: string): Promise<string> {
  const into = await mkdtemp(join(folder, `${how}-`));
  try {
    await run(program.path, [into, how], { env: {}, timeout: 60_000 });
  } catch (error) {
    if ((error as { readonly signal?: string }).signal === undefined) throw error;
  }
  const dump = (await readdir(into)).find((name) => name.endsWith('.dmp'));
  if (dump === undefined) throw new Error(`${how} left no dump`);
  return join(into, dump);
}
