/** Real dumps of real crashes, walked by each tool; what comes out is what the tool itself prints. */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StackFrame, StackWalk } from '../../src/model/processed-crash.ts';
import type { WalkOutcome } from '../../src/symbols/stackwalker.ts';
import {
  breakpadClientMissing,
  buildSampleProgram,
  CRASHES,
  type Crash,
  crash,
  type SampleProgram,
} from '../build/breakpad-client.ts';
import { listening } from '../build/listening.ts';
import { BREAKPAD_FOLDER, CACHE, fileDump, makeStackwalker, RUST_WALKER, scratchFolder } from './tools.ts';

const run = promisify(execFile);
const missing = breakpadClientMissing();
const BREAKPAD = join(BREAKPAD_FOLDER, 'minidump_stackwalk');

let program: SampleProgram;
const dumps = new Map<Crash, string>();

beforeAll(async () => {
  if (missing) return;
  program = await buildSampleProgram(CACHE);
  const folder = await scratchFolder();
  for (const how of CRASHES) dumps.set(how, await crash(program, how, folder));
}, 180_000);

async function walk(stackwalker: string, how: Crash): Promise<WalkOutcome> {
  const walker = await makeStackwalker({ stackwalker, symbol_paths: program.symbols });
  const dump = await fileDump(dumps.get(how) as string);
  return walker.walk({ dump, annotations: {}, scratch: await scratchFolder() });
}

/** Frames as `-m` prints them: inlined ones before the frame they are in. */
function flatten(walked: StackWalk): string[] {
  return (walked.threads ?? []).flatMap((thread, t) => {
    const lines: string[] = [];
    for (const frame of thread.frames)
      for (const f of [...(frame.inlines ?? []), frame])
        lines.push(
          [t, lines.length, frame.module ?? '', f.function ?? '', f.file ?? '', f.line ?? ''].join('|'),
        );
    return lines;
  });
}

async function machineLines(how: Crash): Promise<string[]> {
  const { stdout } = await run(BREAKPAD, ['-m', dumps.get(how) as string, program.symbols]);
  const lines = stdout.split('\n').filter((line) => /^\d+\|/.test(line));
  const order = (line: string): number => Number(line.split('|', 1)[0]);
  return lines.map((line) => line.split('|').slice(0, 6).join('|')).sort((a, b) => order(a) - order(b));
}

const place = (f: StackFrame) => [
  f.module,
  f.function,
  f.file,
  f.line,
  f.inlines,
  f.module_offset,
  f.offset,
  f.trust,
];

describe.skipIf(missing !== undefined)(
  `Breakpad's walker (${missing ? `skipped: ${missing}` : 'built here'})`,
  () => {
    it.each(CRASHES)('%s: every frame is as the tool prints it', async (how) => {
      const outcome = await walk('breakpad', how);
      expect(outcome).toMatchObject({ exitCode: 0, notes: [], walk: { status: 'OK' } });
      expect(flatten(outcome.walk)).toEqual(await machineLines(how));
      expect(outcome.stderr).not.toContain('INFO');
    });

    it('gives function, file and line of the crash, with what is inlined there', async () => {
      const { walk: walked } = await walk('breakpad', 'album');
      const thread = walked.threads?.[walked.crash_info?.crashing_thread ?? -1];
      expect(thread?.frames[0]).toMatchObject({
        trust: 'context',
        file: '/src/darkroom/thumbnailer.cc',
        inlines: [
          { function: 'darkroom::Picture::longest_side() const', file: '/src/darkroom/album.h' },
          { function: 'unsigned int darkroom::side_of<darkroom::Picture>(darkroom::Picture const*)' },
        ],
      });
      expect(thread?.frames[0]?.registers?.['rip']).toBe(thread?.frames[0]?.offset);
      expect(walked.crash_info).toMatchObject({
        type: 'SIGSEGV / SEGV_MAPERR',
        address: '0x0000000000000020',
      });
      const own = walked.modules?.find((m) => m.filename === 'darkroom');
      expect(own).toMatchObject({ loaded_symbols: true, missing_symbols: false, corrupt_symbols: false });
      const other = walked.modules?.find((m) => m.filename.startsWith('libc.so'));
      expect(other).toMatchObject({ loaded_symbols: false, missing_symbols: true });
    });

    it.each([
      ['segv', 'SIGSEGV / SEGV_MAPERR', 'darkroom::write_to_null()'],
      ['thread', 'SIGSEGV / SEGV_MAPERR', 'darkroom::write_to_null()'],
      ['overflow', 'SIGSEGV / SEGV_MAPERR', 'darkroom::recurse(int)'],
    ] as const)('%s: %s in %s', async (how, reason, name) => {
      const { walk: walked } = await walk('breakpad', how);
      expect(walked.crash_info?.type).toBe(reason);
      expect(walked.threads?.[walked.crash_info?.crashing_thread ?? -1]?.frames[0]?.function).toBe(name);
    });

    it.each(['abort', 'exception'] as const)('%s: SIGABRT below main', async (how) => {
      const { walk: walked } = await walk('breakpad', how);
      expect(walked.crash_info?.type).toBe('SIGABRT / SI_TKILL');
      expect(walked.threads?.[0]?.frames.length).toBeGreaterThan(2);
    });

    it.skipIf(!RUST_WALKER)('both walkers agree (skipped where rust-minidump is not installed)', async () => {
      for (const how of CRASHES) {
        const [rust, breakpad] = [await walk('rust-minidump', how), await walk('breakpad', how)];
        const [a, b] = [rust.walk, breakpad.walk];
        // Below the first frame of a thread both make up frames by scanning, each in its own way.
        const sure = (w: StackWalk) =>
          w.threads?.map((t) => {
            const end = t.frames.findIndex((f) => f.trust !== 'context' && f.trust !== 'cfi');
            return t.frames.slice(0, end === -1 ? undefined : end).map(place);
          });
        expect(sure(b)).toEqual(sure(a));
        expect(b.crash_info?.crashing_thread).toBe(a.crash_info?.crashing_thread);
        expect(b.system_info).toEqual(a.system_info);
      }
    });
  },
);

describe.skipIf(missing !== undefined)(
  'symbols from a server (skipped where the client cannot be built)',
  () => {
    it.each(['breakpad', ...(RUST_WALKER ? ['rust-minidump'] : [])])(
      'are fetched, used and named by %s',
      async (name) => {
        const asked: string[] = [];
        const server = createServer((request, response) => {
          asked.push(request.url ?? '');
          const file = createReadStream(join(program.symbols, request.url ?? ''));
          file.on('error', () => response.writeHead(404).end());
          file.on('open', () => file.pipe(response));
        });
        await using listens = await listening(server);
        const { url } = listens;
        const walker = await makeStackwalker({ stackwalker: name, symbol_urls: url });
        const dump = await fileDump(dumps.get('album') as string);
        const { walk: walked } = await walker.walk({
          dump,
          annotations: {},
          scratch: await scratchFolder(),
        });
        const own = walked.modules?.find((m) => m.filename === 'darkroom');
        expect(own).toMatchObject({ loaded_symbols: true, missing_symbols: false });
        expect(own?.symbol_url).toBe(`${url}/darkroom/${own?.debug_id}/darkroom.sym`);
        expect(walked.threads?.[walked.crash_info?.crashing_thread ?? -1]?.frames[0]?.inlines?.length).toBe(
          2,
        );
        // Only what a stack may pass through is asked for: never the dynamic loader's neighbours that nothing points into.
        expect(asked.length).toBeLessThanOrEqual(walked.modules?.length ?? 0);
      },
    );
  },
);

describe.skipIf(missing !== undefined || !RUST_WALKER)(
  'rust-minidump’s walker (skipped where it is not installed)',
  () => {
    it.each(CRASHES)(
      '%s: every frame is as the tool prints it, and our reader agrees on the rest',
      async (how) => {
        const outcome = await walk('rust-minidump', how);
        const { stdout } = await run(RUST_WALKER as string, [
          '--json',
          dumps.get(how) as string,
          program.symbols,
        ]);
        const theirs = JSON.parse(stdout) as StackWalk;
        expect(outcome.walk.threads?.map((t) => t.frames.map(place))).toEqual(
          theirs.threads?.map((t) => t.frames.map(place)),
        );
        const ours = (await walk('reader', how)).walk;
        const ids = (w: StackWalk) =>
          new Map(
            w.modules?.map((m) => [
              m.base_addr,
              [m.filename, m.debug_file, m.debug_id, m.code_id, m.end_addr],
            ]),
          );
        expect(ids(ours)).toEqual(ids(theirs));
        expect(ours.crash_info?.type).toBe(theirs.crash_info?.type);
        expect(ours.crash_info?.address).toBe(theirs.crash_info?.address);
        expect(ours.crash_info?.crashing_thread).toBe(theirs.crash_info?.crashing_thread);
        expect(ours.system_info).toEqual(theirs.system_info);
        expect(ours.threads?.map((t) => t.thread_id)).toEqual(theirs.threads?.map((t) => t.thread_id));
        expect(ours.threads?.map((t) => t.frames[0]?.module_offset)).toEqual(
          theirs.threads?.map((t) => t.frames[0]?.module_offset),
        );
      },
    );

    it('keeps the registers of the crash, and has no second copy of its thread', async () => {
      const { walk: walked } = await walk('rust-minidump', 'album');
      expect(walked['crashing_thread']).toBeUndefined();
      expect(walked.threads?.map((t) => Object.keys(t.frames[0]?.registers ?? {}).length)).toEqual([17, 17]);
    });
  },
);

describe('the bundled sample', () => {
  const sample = join(import.meta.dirname, '../../src/web/sample');

  it.each(['breakpad', ...(RUST_WALKER ? ['rust-minidump'] : [])])('walks with %s', async (stackwalker) => {
    const { gunzipSync } = await import('node:zlib');
    const { writeFile } = await import('node:fs/promises');
    const folder = await scratchFolder();
    const path = join(folder, 'sample.dmp');
    await writeFile(path, gunzipSync(await readFile(join(sample, 'sample.dmp.gz'))));
    const walker = await makeStackwalker({ stackwalker, symbol_paths: join(sample, 'symbols') });
    const outcome = await walker.walk({ dump: await fileDump(path), annotations: {}, scratch: folder });
    expect(outcome).toMatchObject({ notes: [], walk: { status: 'OK' } });
    const { threads, crash_info: info } = outcome.walk;
    expect(threads?.map((t) => t.thread_name)).toEqual(['darkroom', 'thumbnailer']);
    const frames = threads?.[info?.crashing_thread ?? -1]?.frames ?? [];
    expect(frames.map((f) => f.function?.replace(/\(.*/, '').replace(/^unsigned long /, ''))).toEqual([
      'darkroom::make_thumbnail',
      'darkroom::make_thumbnails',
      'darkroom::report_total<darkroom::ProcessAlbum>',
      'darkroom::thumbnail_thread',
      'start_thread',
      '__clone3',
    ]);
    expect(frames[0]?.inlines?.map((f) => [f.file, f.line])).toEqual([
      ['/src/darkroom/album.h', 16],
      ['/src/darkroom/thumbnailer.cc', 9],
    ]);
  });
});
