import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { StackWalk } from '../../src/model/processed-crash.ts';
import { bufferSource } from '../../src/symbols/minidump/bytes.ts';
import type { MinidumpData } from '../../src/symbols/minidump/data.ts';
import { readMinidump } from '../../src/symbols/minidump/read-minidump.ts';
import { amd64Context } from '../build/minidump-contexts.ts';
import type { MinidumpSpec } from '../build/minidump-spec.ts';
import { buildMinidump } from '../build/minidump-writer.ts';
import { RUST_WALKER, scratchFolder } from './tools.ts';

const run = promisify(execFile);
const read = (spec: MinidumpSpec): MinidumpData => readMinidump(bufferSource(buildMinidump(spec)));

const ARCH = { x86: 0, arm: 5, amd64: 9, arm64: 12 } as const;
const PLATFORM = { windows: 2, mac: 0x8101, linux: 0x8201, android: 0x8203 } as const;
type Place = readonly [platform: keyof typeof PLATFORM, arch: keyof typeof ARCH];

const crashOf = (
  [platform, arch]: Place,
  code: number,
  flags: number,
  parameters: readonly bigint[] = [],
): MinidumpSpec => ({
  system: { arch: ARCH[arch], platform: PLATFORM[platform] },
  threads: [{ id: 1, context: amd64Context({ rip: 0x1000n }) }],
  modules: [],
  exception: { thread: 1, code, flags, address: 0x1000n, parameters },
});

const REASONS: readonly (readonly [string, Place, number, number, (readonly bigint[])?])[] = [
  ['SIGSEGV / SEGV_MAPERR', ['linux', 'amd64'], 11, 1],
  ['SIGSEGV / SI_KERNEL', ['linux', 'amd64'], 11, 0x80],
  ['SIGSEGV / 0x00000063', ['linux', 'amd64'], 11, 0x63],
  ['SIGABRT', ['linux', 'amd64'], 6, 0],
  ['SIGABRT / SI_TKILL', ['android', 'arm64'], 6, -6],
  ['SIGBUS / BUS_ADRERR', ['linux', 'amd64'], 7, 2],
  ['SIGFPE / FPE_INTDIV', ['linux', 'amd64'], 8, 1],
  ['SIGILL / ILL_ILLOPN', ['linux', 'amd64'], 4, 2],
  ['SIGTRAP / TRAP_BRKPT', ['linux', 'amd64'], 5, 1],
  ['SIGSYS / SYS_SECCOMP', ['linux', 'amd64'], 31, 1],
  ['DUMP_REQUESTED', ['linux', 'amd64'], 0xffffffff, 0],
  ['unknown 0x00000400 / 0x00000007', ['linux', 'amd64'], 0x400, 7],
  ['EXCEPTION_ACCESS_VIOLATION_READ', ['windows', 'amd64'], 0xc0000005, 0, [0n, 0x10n]],
  ['EXCEPTION_ACCESS_VIOLATION_WRITE', ['windows', 'x86'], 0xc0000005, 0, [1n, 0x10n]],
  ['EXCEPTION_ACCESS_VIOLATION_EXEC', ['windows', 'amd64'], 0xc0000005, 0, [8n, 0x10n]],
  ['EXCEPTION_ACCESS_VIOLATION', ['windows', 'amd64'], 0xc0000005, 0],
  [
    'EXCEPTION_IN_PAGE_ERROR_READ / STATUS_NO_SUCH_DEVICE',
    ['windows', 'amd64'],
    0xc0000006,
    0,
    [0n, 0x10n, 0xffffffffc000000en],
  ],
  ['EXCEPTION_STACK_OVERFLOW', ['windows', 'amd64'], 0xc00000fd, 0],
  ['EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_FATAL_APP_EXIT', ['windows', 'amd64'], 0xc0000409, 0, [7n]],
  ['STATUS_HEAP_CORRUPTION', ['windows', 'amd64'], 0xc0000374, 0],
  ['STATUS_DLL_NOT_FOUND', ['windows', 'amd64'], 0xc0000135, 0],
  ['EXCEPTION_BREAKPOINT', ['windows', 'amd64'], 0x80000003, 0],
  ['FACILITY_VISUALCPP / ERROR_MOD_NOT_FOUND', ['windows', 'amd64'], 0xc06d007e, 0],
  ['Out of Memory', ['windows', 'amd64'], 0xe0000008, 0],
  ['Unhandled C++ Exception', ['windows', 'amd64'], 0xe06d7363, 0],
  ['Simulated Exception', ['windows', 'amd64'], 0x0517a7ed, 0],
  ['unknown 0xe1234567', ['windows', 'amd64'], 0xe1234567, 0],
  ['EXC_BAD_ACCESS / KERN_INVALID_ADDRESS', ['mac', 'amd64'], 1, 1],
  ['EXC_BAD_ACCESS / EXC_I386_GPFLT', ['mac', 'amd64'], 1, 13],
  ['EXC_BAD_ACCESS / EXC_ARM_DA_ALIGN', ['mac', 'arm64'], 1, 0x101],
  ['EXC_BAD_INSTRUCTION / EXC_I386_INVOP', ['mac', 'amd64'], 2, 1],
  ['EXC_ARITHMETIC / EXC_I386_DIV', ['mac', 'amd64'], 3, 1],
  ['EXC_SOFTWARE / SIGABRT', ['mac', 'arm64'], 5, 0x10002],
  ['EXC_BREAKPOINT / EXC_ARM_BREAKPOINT', ['mac', 'arm64'], 6, 1],
  ['EXC_CRASH / 0x00000000', ['mac', 'arm64'], 10, 0],
  ['Simulated Exception', ['mac', 'arm64'], 0x43507378, 0],
];

describe('reasons of crashes', () => {
  // rust-minidump has no EXC_CRASH, with which Crashpad on macOS reports aborts.
  const oracleDiffers = new Set(['EXC_CRASH / 0x00000000']);

  it.each(REASONS.map((row) => ({ reason: row[0], row })))(
    '$reason',
    ({ row: [reason, place, code, flags, parameters] }) => {
      expect(read(crashOf(place, code, flags, parameters)).exception?.reason).toBe(reason);
    },
  );

  it.skipIf(!RUST_WALKER)(
    'are those of rust-minidump (skipped where its tool is not installed)',
    async () => {
      const folder = await scratchFolder();
      for (const [reason, place, code, flags, parameters] of REASONS) {
        if (oracleDiffers.has(reason)) continue;
        const path = join(folder, 'reason.dmp');
        await writeFile(path, buildMinidump(crashOf(place, code, flags, parameters)));
        const { stdout } = await run(RUST_WALKER as string, ['--json', path]);
        expect((JSON.parse(stdout) as StackWalk).crash_info?.type).toBe(reason);
      }
    },
  );

  it('takes the address that was touched on Windows, and cuts a sign that was extended', () => {
    const touched = read(crashOf(['windows', 'amd64'], 0xc0000005, 0, [0n, 0xdeadn]));
    expect(touched.exception?.crashAddress).toBe('0x000000000000dead');
    const extended = read(crashOf(['windows', 'x86'], 0xc0000005, 0, [0n, 0xffffffff80000000n]));
    expect(extended.exception?.crashAddress).toBe('0x80000000');
  });
});
