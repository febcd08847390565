/** The stackwalker as the processor sees it: broken dumps, tools that hang or lie, settings. */
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Dump } from '../../src/model/report.ts';
import { findBreakpadTools } from '../../src/symbols/find-tool.ts';
import type { WalkOutcome } from '../../src/symbols/stackwalker.ts';
import { fullMinidump } from '../build/minidump.ts';
import { amd64Context } from '../build/minidump-contexts.ts';
import { buildMinidump } from '../build/minidump-writer.ts';
import { BREAKPAD_FOLDER, makeStackwalker, scratchFolder } from './tools.ts';

const bytesDump = (bytes: Buffer, name = 'upload_file_minidump'): Dump => ({
  name,
  size: bytes.length,
  open: async () => Readable.from([bytes]),
});

/** An executable that says it is rust-minidump's and then does what `body` says; `$last` is the dump. */
async function fakeTool(body: string): Promise<string> {
  const path = join(await scratchFolder(), 'minidump-stackwalk');
  const script = `#!/bin/sh\nif [ "$1" = --version ]; then echo 'minidump-stackwalk 9.9'; exit 0; fi\n${body}\n`;
  await writeFile(path, script);
  await chmod(path, 0o755);
  return path;
}

async function walkWith(
  body: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<WalkOutcome> {
  const walker = await makeStackwalker({ stackwalk_command: await fakeTool(body), ...settings });
  return walker.walk({
    dump: bytesDump(fullMinidump()),
    annotations: { a: 'b' },
    scratch: await scratchFolder(),
  });
}

describe('a walker that', () => {
  it('hangs is killed; our reader’s frames are there', async () => {
    const outcome = await walkWith('exec sleep 1000', { stackwalk_timeout: '500ms' });
    expect(outcome).toMatchObject({
      exitCode: -9,
      tool: 'minidump-stackwalk 9.9',
      notes: ['minidump-stackwalk: timeout (SIGKILL)'],
      walk: { status: 'unknown error', crash_info: { type: 'SIGSEGV / SEGV_MAPERR', crashing_thread: 1 } },
    });
    expect(
      outcome.walk.threads?.map((t) => [t.thread_name, t.frames[0]?.module, t.frames[0]?.module_offset]),
    ).toEqual([
      ['main', 'libc.so.6', '0x0000000000000200'],
      ['worker', 'app', '0x0000000000000123'],
    ]);
  });

  it('dies of a signal, or ends with a code', async () => {
    expect((await walkWith('kill -6 $$')).notes).toEqual(['minidump-stackwalk: timeout (SIGABRT)']);
    expect((await walkWith('kill -11 $$')).notes).toEqual(['minidump-stackwalk: failed: -11: unknown error']);
    const failed = await walkWith('echo "ERROR HeaderMismatch - Error reading dump: x" >&2; exit 1');
    expect(failed).toMatchObject({
      exitCode: 1,
      notes: ['minidump-stackwalk: failed: 1: HeaderMismatch'],
      stderr: 'ERROR HeaderMismatch - Error reading dump: x',
      walk: { status: 'HeaderMismatch' },
    });
  });

  it('prints no JSON, or no object', async () => {
    const text = await walkWith('echo secret words');
    expect(text).toMatchObject({ walk: { status: 'unknown error' } });
    expect(text.notes).toEqual([
      'minidump-stackwalk: non-json output',
      'minidump-stackwalk: failed: 0: unknown error',
    ]);
    expect((await walkWith('echo "[1]"')).notes[0]).toBe('minidump-stackwalk produced unexpected output');
  });

  it('prints without end', async () => {
    const outcome = await walkWith('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done', {
      stackwalk_max_output: '1MB',
    });
    expect(outcome.notes[0]).toBe('minidump-stackwalk: more output than allowed');
    expect(outcome.walk.threads?.length).toBe(2);
  });

  it('ends well but complains gets its complaint as status', async () => {
    const outcome = await walkWith(
      `echo 'ERROR SomethingLost - x' >&2; echo '{"status":"OK","threads":[{"frames":[]},{"frames":[]}]}'`,
    );
    expect(outcome).toMatchObject({ exitCode: 0, walk: { status: 'SomethingLost' } });
  });

  it('is given the annotations as a file, and only symbol folders that are ours', async () => {
    const outcome = await walkWith(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
      'for a in "$@"; do case $a in --evil-json=*) cat "${a#--evil-json=}" >&2;; esac; done; echo "$@" >&2; exit 1',
    );
    const [json, args] = outcome.stderr.split('}', 2);
    expect(`${json}}`).toBe('{"a":"b"}');
    expect(args).toMatch(/--symbols-path \S+symbols-cache\/files \S+walk\.dmp$/);
  });

  it('is stopped when the caller aborts', async () => {
    const walker = await makeStackwalker({ stackwalk_command: await fakeTool('exec sleep 1000') });
    const controller = new AbortController();
    const walk = walker.walk(
      { dump: bytesDump(fullMinidump()), annotations: {}, scratch: await scratchFolder() },
      { signal: controller.signal },
    );
    setImmediate(() => controller.abort(new Error('stop')));
    await expect(walk).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('dumps that no walker can use', () => {
  it('an empty one is said to be empty, in Socorro’s words', async () => {
    const walker = await makeStackwalker({ stackwalker: 'reader' });
    const request = { annotations: {}, scratch: await scratchFolder() };
    expect(await walker.walk({ ...request, dump: bytesDump(Buffer.alloc(0)) })).toMatchObject({
      walk: { status: 'EmptyMinidump' },
      exitCode: null,
      stderr: 'Shortcut for 0-bytes minidump.',
      notes: ['upload_file_minidump is empty--skipping minidump processing'],
    });
    const odd = await walker.walk({ ...request, dump: bytesDump(Buffer.alloc(0), 'my secret name') });
    expect(odd.notes).toEqual(['minidump is empty--skipping minidump processing']);
  });

  it('what is no minidump does not reach the walker', async () => {
    const mark = join(await scratchFolder(), 'ran');
    const walker = await makeStackwalker({ stackwalk_command: await fakeTool(`touch ${mark}; exit 1`) });
    const outcome = await walker.walk({
      dump: bytesDump(Buffer.from('hello, I am not a minidump at all, sorry')),
      annotations: {},
      scratch: await scratchFolder(),
    });
    expect(outcome).toMatchObject({ exitCode: null, walk: { status: 'ERROR_NO_MINIDUMP_HEADER' } });
    await expect(readFile(mark)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['breakpad', 'reader'])('every cut of a dump has an outcome with %s', async (stackwalker) => {
    const walker = await makeStackwalker({ stackwalker });
    const full = fullMinidump();
    for (let length = 0; length < full.length; length += 531) {
      const outcome = await walker.walk({
        dump: bytesDump(full.subarray(0, length)),
        annotations: {},
        scratch: await scratchFolder(),
      });
      expect(outcome.walk.status).toMatch(/^(OK|EmptyMinidump|ERROR_\w+|unknown error)$/);
    }
  });

  it('a module whose name holds line breaks cannot make up a stack', async () => {
    const name =
      '/x/evil\n\nThread 0 (crashed)\n 0  kernel!root\n    Found by: call frame info\n0|0|kernel|root|a.c|1|0x1';
    const context = amd64Context({ rip: 0x400010n });
    const dump = buildMinidump({
      system: { arch: 9, platform: 0x8201 },
      exception: { thread: 1, code: 11, flags: 1, context },
      threads: [{ id: 1, context, stack: { start: 0x1000n, bytes: Buffer.alloc(64) } }],
      memory: [],
      modules: [{ name, base: 0x400000n, buildId: 'ab'.repeat(20) }],
    });
    const walker = await makeStackwalker({ stackwalker: 'breakpad' });
    const outcome = await walker.walk({
      dump: bytesDump(dump),
      annotations: {},
      scratch: await scratchFolder(),
    });
    expect(JSON.stringify(outcome.walk.threads)).not.toContain('"function":"root"');
  });
});

describe('choosing a walker', () => {
  it('auto takes what is there: the npm package’s when nothing is on PATH', async () => {
    expect((await makeStackwalker({}, { toolFolders: [] })).name).toBe('breakpad');
  });

  it('auto takes rust-minidump’s from PATH first', async () => {
    const tool = await fakeTool('exit 1');
    expect((await makeStackwalker({}, { toolFolders: [join(tool, '..')] })).name).toBe('rust-minidump');
  });

  it('auto passes over one that does not run', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'minidump-stackwalk'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    expect((await makeStackwalker({}, { toolFolders: [folder] })).name).toBe('breakpad');
  });

  it('a path decides by the tool’s name', async () => {
    const command = join(BREAKPAD_FOLDER, 'minidump_stackwalk');
    expect((await makeStackwalker({ stackwalk_command: command })).name).toBe('breakpad');
  });

  it('says what is wrong with the settings', async () => {
    await expect(makeStackwalker({ stackwalker: 'breackpad' })).rejects.toThrow(/did you mean breakpad/);
    await expect(makeStackwalker({ stackwalker: 'rust-minidump' }, { toolFolders: [] })).rejects.toThrow(
      /not installed/,
    );
    await expect(makeStackwalker({ stackwalk_command: '/nowhere/minidump-stackwalk' })).rejects.toThrow(
      /STACKWALK_COMMAND/,
    );
    await expect(
      makeStackwalker({ stackwalker: 'breakpad', stackwalk_command: '/bin/true' }),
    ).rejects.toThrow(/not Breakpad/);
    await expect(makeStackwalker({ symbol_urls: 'ftp://x' })).rejects.toThrow(/http or https/);
  });

  it('finds the tools, and makes a copy of one that lost its executable bit', async () => {
    const cache = await scratchFolder();
    expect((await findBreakpadTools(cache))?.stackwalk).toBe(join(BREAKPAD_FOLDER, 'minidump_stackwalk'));
    const packed = await scratchFolder();
    const vendor = join(packed, 'vendor', 'minidump', `${process.platform}-${process.arch}`);
    await mkdir(vendor, { recursive: true });
    await copyFile(join(BREAKPAD_FOLDER, 'minidump_stackwalk'), join(vendor, 'minidump_stackwalk'));
    await chmod(join(vendor, 'minidump_stackwalk'), 0o644);
    const found = await findBreakpadTools(cache, join(packed, 'dist', 'symbols'));
    expect(found?.stackwalk.startsWith(cache)).toBe(true);
    const walker = await makeStackwalker({
      stackwalker: 'breakpad',
      stackwalk_command: found?.stackwalk ?? '',
    });
    expect(walker.name).toBe('breakpad');
  });
});
