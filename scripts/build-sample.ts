/**
 * Makes the sample crash of the home page again: `node scripts/build-sample.ts`. Needs g++, make and, for frames inside
 * libc, the package libc6-dbg. Writes src/web/sample; what is committed there came out of this.
 */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { buildSampleProgram, crash, systemSymbols } from '../test/build/breakpad-client.ts';
import { nameThreads } from '../test/build/thread-names.ts';
import { trimSymbols } from './sample/trim-symbols.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'src', 'web', 'sample');
const WALKER = join(
  ROOT,
  'node_modules/minidump/bin',
  `${process.platform}-${process.arch}`,
  'minidump_stackwalk',
);
const LIBC = '/lib/x86_64-linux-gnu/libc.so.6';
const MAX_BYTES = 100_000;

/** The sample names its threads, but Breakpad's Linux client does not write names down. */
const THREAD_NAMES = ['darkroom', 'thumbnailer'];

const ANNOTATIONS = {
  ProductName: 'Darkroom',
  Version: '1.4.2',
  ReleaseChannel: 'beta',
  BuildID: '20260914093012',
  Vendor: 'Auxilio',
  ProcessType: 'main',
  Comments: 'I opened the album with the lighthouse and it was gone.',
};

interface Walk {
  /** The machine form without modules, and without what scanning makes up below the first frame of the program. */
  readonly text: string;
  /** Offsets into each module by its name: where frames are. */
  readonly offsets: ReadonlyMap<string, readonly bigint[]>;
}

async function walk(dump: string, symbols: string): Promise<Walk> {
  const { stdout: machine } = await run(WALKER, ['-m', dump, symbols], { maxBuffer: 64 * 1024 ** 2 });
  const { stdout: long } = await run(WALKER, [dump, symbols], { maxBuffer: 64 * 1024 ** 2 });
  const modules = [
    ...machine.matchAll(/^Module\|([^|]*)\|[^|]*\|[^|]*\|[^|]*\|(0x[0-9a-f]+)\|(0x[0-9a-f]+)/gm),
  ].map(([, name = '', base = '0', end = '0']) => ({ name, base: BigInt(base), end: BigInt(end) }));
  const offsets = new Map<string, bigint[]>();
  for (const [, value = '0'] of long.matchAll(/rip = (0x[0-9a-f]+)/g)) {
    const address = BigInt(value);
    const module = modules.find((m) => address >= m.base && address <= m.end);
    if (module) offsets.set(module.name, [...(offsets.get(module.name) ?? []), address - module.base]);
  }
  const text = machine
    .replaceAll(/^Module.*\n/gm, '')
    .replace(/^(0\|\d+\|darkroom\|_start\|.*\n)[\s\S]*$/m, '$1');
  return { text, offsets };
}

/** Keeps of each symbol file what the frames need, and checks that the walk is the same with that. */
async function trimAll(dump: string, full: string, files: readonly string[], out: string): Promise<number> {
  const before = await walk(dump, full);
  let bytes = 0;
  for (const file of files) {
    const name =
      file
        .split('/')
        .at(-1)
        ?.replace(/\.sym$/, '') ?? '';
    const text = trimSymbols(await readFile(file, 'utf8'), before.offsets.get(name) ?? []);
    const path = join(out, file.slice(full.length));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    bytes += text.length;
  }
  const after = await walk(dump, out);
  if (after.text !== before.text)
    throw new Error(`trimmed symbols give another stack:\n${after.text}\n${before.text}`);
  return bytes;
}

async function main(): Promise<void> {
  const program = await buildSampleProgram(join(homedir(), '.cache', 'auxilio'));
  const scratch = await mkdtemp(join(tmpdir(), 'auxilio-sample-'));
  try {
    const full = join(scratch, 'full');
    await cp(program.symbols, full, { recursive: true });
    const libc = await systemSymbols(full, LIBC);
    // A dump has the path of its program in it: not one of the machine that built it.
    const moved = { ...program, path: join(scratch, 'darkroom') };
    await copyFile(program.path, moved.path);
    const plain = await readFile(await crash(moved, 'album', scratch));
    const named = nameThreads(plain, THREAD_NAMES);
    const dump = join(scratch, 'sample.dmp');
    await writeFile(dump, named);
    const own = await run('find', [join(full, 'darkroom'), '-name', '*.sym']);
    const files = [own.stdout.trim(), libc];
    const symbolBytes = await trimAll(dump, full, files, join(scratch, 'symbols'));
    await rm(OUT, { recursive: true, force: true });
    await cp(join(scratch, 'symbols'), join(OUT, 'symbols'), { recursive: true });
    const packed = gzipSync(named, { level: 9 });
    await writeFile(join(OUT, 'sample.dmp.gz'), packed);
    await writeFile(join(OUT, 'annotations.json'), `${JSON.stringify(ANNOTATIONS, null, 2)}\n`);
    await writeFile(join(OUT, 'README.md'), await readFile(join(import.meta.dirname, 'sample', 'README.md')));
    console.log(`dump ${packed.length} bytes packed, symbols ${symbolBytes} bytes`);
    if (packed.length + symbolBytes > MAX_BYTES) throw new Error('the sample is larger than it should be');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
