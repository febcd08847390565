/** Rules that read the stack walk and the system, against literals. */
import { describe, expect, it } from 'vitest';
import type { StackWalk } from '../../src/model/processed-crash.ts';
import { frames, stackWalk } from '../build/raw-crash.ts';
import { type Given, runRule } from '../build/run-rule.ts';

describe('crashing-thread', () => {
  const of = (crash_info: StackWalk['crash_info']): Given => ({
    walk: stackWalk(frames('a'), { crash_info: crash_info ?? {} }),
  });

  it('names thread, reason and address', async () => {
    expect((await runRule('crashing-thread', { walk: stackWalk(frames('a')) })).patch).toMatchObject({
      crashing_thread: 0,
      crashing_thread_name: 'main',
      reason: 'SIGSEGV / SEGV_MAPERR',
      address: '0x0000000000000000',
    });
  });

  it('shows null pointers with an offset as null, in the width of the machine', async () => {
    const wide = of({
      address: '0x0000000000000018',
      adjusted_address: { kind: 'null-pointer', offset: '0x18' },
      crashing_thread: 0,
    });
    expect((await runRule('crashing-thread', wide)).patch).toMatchObject({ address: '0x0000000000000000' });
    const narrow = of({
      address: '0x00000018',
      adjusted_address: { kind: 'null-pointer', offset: '0x18' },
      crashing_thread: 0,
    });
    expect((await runRule('crashing-thread', narrow)).patch).toMatchObject({ address: '0x00000000' });
  });

  it('takes the adjusted address of a non-canonical access', async () => {
    const given = of({
      address: '0xffffffffffffffff',
      adjusted_address: { kind: 'non-canonical', address: '0xe5e5e5e5e5e5e5e5' },
      crashing_thread: 0,
    });
    expect((await runRule('crashing-thread', given)).patch).toMatchObject({ address: '0xe5e5e5e5e5e5e5e5' });
  });

  it('says when the walker could not tell', async () => {
    const { patch, notes } = await runRule('crashing-thread', of({ crashing_thread: null }));
    expect(patch).toMatchObject({ crashing_thread: null, crashing_thread_name: null });
    expect(notes).toEqual(['the stackwalker did not identify the crashing thread']);
  });
});

describe('truncate-stacks', () => {
  it('keeps 250 frames at each end and says how many it lost', async () => {
    const names = Array.from({ length: 1501 }, (_, i) => `f${i}`);
    const { patch } = await runRule('truncate-stacks', { walk: stackWalk(frames(...names)) });
    const kept = (patch?.['json_dump'] as StackWalk | undefined)?.threads?.[0]?.frames ?? [];
    expect(kept).toHaveLength(501);
    expect(kept[250]?.truncated?.msg).toBe('1,001 frames truncated');
    expect([kept[249]?.function, kept[251]?.function, kept[500]?.function]).toEqual([
      'f249',
      'f1251',
      'f1500',
    ]);
  });

  it('leaves 500 frames alone', async () => {
    const walk = stackWalk(frames(...Array.from({ length: 500 }, (_, i) => `f${i}`)));
    expect((await runRule('truncate-stacks', { walk })).patch).toBeUndefined();
  });
});

describe('os-pretty-version', () => {
  it.each([
    ['Windows NT', '10.0.19045', 'Windows 10'],
    ['Windows NT', '10.0.22000', 'Windows 11'],
    ['Windows NT', '10.0.9200', 'Windows 10'],
    ['Windows NT', '6.1.7601', 'Windows 7'],
    ['Windows NT', '6.9', 'Windows Unknown'],
    ['Windows NT', '', 'Windows NT'],
    ['Mac OS X', '10.15.7', 'OS X 10.15'],
    ['Mac OS X', '14.2.1', 'macOS 14'],
    ['Mac OS X', '9.9', 'OS X Unknown'],
    ['Android', '13', 'Android 13'],
    ['Linux', '6.1.0', 'Linux'],
    ['Solaris', '5.11', 'Solaris'],
  ])('%s %s is %s', async (os_name, os_version, expected) => {
    expect((await runRule('os-pretty-version', { processed: { os_name, os_version } })).patch).toEqual({
      os_pretty_version: expected,
    });
  });

  it('names the distribution', async () => {
    const processed = {
      os_name: 'Linux',
      os_version: '6.1',
      lsb_release: { description: 'Debian GNU/Linux 12' },
    };
    expect((await runRule('os-pretty-version', { processed })).patch).toEqual({
      os_pretty_version: 'Debian GNU/Linux 12',
    });
  });
});

describe('system', () => {
  it('fills from annotations what no dump said', async () => {
    const annotations = { OS: 'Windows NT', OSVersion: '10.0', CPUArchitecture: 'x86' };
    const processed = { os_name: 'Unknown', os_version: '', cpu_arch: 'amd64', cpu_info: 'unknown' };
    expect((await runRule('platform-info', { annotations, processed })).patch).toEqual({
      os_name: 'Windows NT',
      os_version: '10.0',
    });
  });

  it('believes Android rather than its kernel', async () => {
    const annotations = { Android_Version: '33 (REL)', Android_CPU_ABI: 'arm64-v8a' };
    const processed = { os_name: 'Linux', os_version: '4.14', cpu_arch: 'unknown' };
    expect((await runRule('android-info', { annotations, processed })).patch).toEqual({
      os_name: 'Android',
      os_version: '33',
      cpu_arch: 'arm64',
    });
  });

  it('has defaults without a dump', async () => {
    expect((await runRule('cpu-info', {})).patch).toEqual({
      cpu_info: 'unknown',
      cpu_count: 0,
      cpu_arch: 'unknown',
    });
    expect((await runRule('os-info', {})).patch).toEqual({ os_name: 'Unknown', os_version: '' });
  });
});

describe('stack', () => {
  it('finds the topmost source file, inlines first', async () => {
    const stack = [
      { frame: 0, file: null },
      { frame: 1, file: 'b.cc', inlines: [{ function: 'i', file: 'a.h', line: 1 }] },
    ];
    expect((await runRule('topmost-filenames', { walk: stackWalk(stack) })).patch).toEqual({
      topmost_filenames: 'a.h',
    });
  });

  it('lists modules on the stack and those without symbols', async () => {
    const modules = [
      { filename: 'editor', debug_id: 'ABCD1' },
      { filename: 'lib/x.so', debug_id: null, version: '1/2', missing_symbols: true, code_id: 'AB-cd' },
    ];
    const walk = stackWalk(frames('a'), { modules });
    expect((await runRule('modules-in-stack', { walk })).patch).toEqual({ modules_in_stack: 'editor/ABCD1' });
    expect((await runRule('missing-symbols', { walk })).patch).toEqual({
      missing_symbols: `lib\\/x.so/1\\/2/${'0'.repeat(33)}/ABcd`,
    });
  });

  it('gives the likeliest flipped bit in percent', async () => {
    const walk = stackWalk(frames('a'), {
      crash_info: { possible_bit_flips: [{ confidence: 0.25 }, { confidence: 0.625 }] },
    });
    expect((await runRule('bit-flips', { walk })).patch).toEqual({ possible_bit_flips_max_confidence: 62 });
  });

  it('sets a guard page access only when there was one', async () => {
    const near = stackWalk(frames('a'), {
      crash_info: { memory_accesses: [{ is_likely_guard_page: true }] },
    });
    expect((await runRule('guard-page-access', { walk: near })).patch).toEqual({
      has_guard_page_access: true,
    });
    expect((await runRule('guard-page-access', { walk: stackWalk(frames('a')) })).patch).toBeUndefined();
  });
});

describe('hang', () => {
  it('tells hangs from crashes', async () => {
    expect((await runRule('hang', { walk: stackWalk(frames('a')) })).patch).toEqual({ report_type: 'crash' });
    expect((await runRule('hang', { walk: stackWalk(frames('(anonymous)::RunWatchdog')) })).patch).toEqual({
      report_type: 'hang',
    });
    expect((await runRule('hang', { annotations: { Hang: 'ui' } })).patch).toEqual({
      report_type: 'hang',
      hang: 'ui',
    });
  });
});

describe('the rest', () => {
  it.each([
    ['process-type', { annotations: { ptype: 'browser' } }, { process_type: 'parent' }],
    ['process-type', { annotations: { process_type: 'renderer' } }, { process_type: 'renderer' }],
    ['process-type', {}, { process_type: 'parent' }],
    ['major-version', { processed: { version: '128.0.1' } }, { major_version: 128 }],
    ['major-version', { processed: { version: 'x' } }, { major_version: 0 }],
    ['out-of-memory', { annotations: { OOMAllocationSize: '1024' } }, { oom_allocation_size: 1024 }],
    ['thread-count', { walk: stackWalk(frames('a')) }, { thread_count: 1 }],
    [
      'crash-reason-text',
      { annotations: { MozCrashReason: 'byte index 4 of "secret"' } },
      {
        moz_crash_reason_raw: 'byte index 4 of "secret"',
        moz_crash_reason: 'sanitized--see moz_crash_reason_raw',
      },
    ],
    ['minidump-hash', {}, { minidump_sha256_hash: '' }],
    ['soft-errors', { walk: stackWalk([], { soft_errors: ['e'] }) }, { soft_errors: '["e"]' }],
    ['shutdown-hang-thread', { processed: { signature: 'shutdownhang | x' } }, { crashing_thread: 0 }],
  ] as const)('%s', async (name, given, expected) => {
    expect((await runRule(name, given as Given)).patch).toEqual(expected);
  });
});
