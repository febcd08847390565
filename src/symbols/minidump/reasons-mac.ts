/** macOS and iOS: Mach exceptions (osfmk/mach/exception_types.h and its per-CPU headers), worded as rust-minidump does. */
import { unpackNames } from './packed-names.ts';

const EXCEPTIONS = unpackNames(
  'EXC_',
  '1:BAD_ACCESS BAD_INSTRUCTION ARITHMETIC EMULATION SOFTWARE BREAKPOINT SYSCALL MACH_SYSCALL RPC_ALERT CRASH RESOURCE GUARD CORPSE_NOTIFY',
);
/** Crashpad's dump without a crash, 'CPsx'. */
const SIMULATED = 0x43507378;

const KERN = unpackNames(
  'KERN_',
  '1:INVALID_ADDRESS PROTECTION_FAILURE 5:FAILURE 8:NO_ACCESS MEMORY_FAILURE MEMORY_ERROR 32:CODESIGN_ERROR',
);
const SOFTWARE = unpackNames(
  '',
  '1:EXC_PPC_TRAP 10002:SIGABRT 10100:EXC_PPC_MIGRATE deadc0de:UNCAUGHT_NS_EXCEPTION',
);

type Tables = Readonly<Record<string, ReadonlyMap<number, string>>>;
const X86: Tables = {
  EXC_BAD_ACCESS: unpackNames('EXC_I386_', 'd:GPFLT'),
  EXC_BAD_INSTRUCTION: unpackNames('EXC_I386_', '1:INVOP a:INVTSSFLT SEGNPFLT STKFLT GPFLT 11:ALIGNFLT'),
  EXC_ARITHMETIC: unpackNames('EXC_I386_', '1:DIV INTO NOEXT EXTOVR EXTERR EMERR BOUND SSEEXTERR'),
  EXC_BREAKPOINT: unpackNames('EXC_I386_', '1:SGL BPT'),
};
const ARM: Tables = {
  EXC_BAD_ACCESS: unpackNames('EXC_ARM_', '101:DA_ALIGN DA_DEBUG SP_ALIGN SWP PAC_FAIL'),
  EXC_BAD_INSTRUCTION: unpackNames('EXC_ARM_', '1:UNDEFINED'),
  EXC_ARITHMETIC: unpackNames('EXC_ARM_', '1:FP_IO FP_DZ FP_OF FP_UF FP_IX FP_ID'),
  EXC_BREAKPOINT: unpackNames('EXC_ARM_', '1:BREAKPOINT'),
};
const BY_CPU: Readonly<Record<string, Tables>> = { x86: X86, amd64: X86, arm: ARM, arm64: ARM };

/** The type of a resource or guard exception, in the top three bits of its code. */
const RESOURCE = unpackNames('RESOURCE_TYPE_', '1:CPU WAKEUPS MEMORY IO THREADS');
const GUARD = unpackNames('GUARD_TYPE_', '0:NONE MACH_PORT FD USER VN VIRT_MEMORY REJECTED_SC');

const hex8 = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;

/**
 * `code` is the Mach exception, `flags` its first code. Undefined for an unknown exception. Resource and guard
 * exceptions get their type; what else their codes hold (limits, file descriptors) only rust-minidump spells out.
 */
export function macReason(code: number, flags: number, cpu: string): string | undefined {
  if (code === SIMULATED) return 'Simulated Exception';
  const exception = EXCEPTIONS.get(code);
  if (exception === undefined) return undefined;
  const type = (flags >>> 29) & 7;
  const detail =
    (exception === 'EXC_BAD_ACCESS' ? KERN.get(flags) : undefined) ??
    (exception === 'EXC_SOFTWARE' ? SOFTWARE.get(flags) : undefined) ??
    (exception === 'EXC_RESOURCE' ? RESOURCE.get(type) : undefined) ??
    (exception === 'EXC_GUARD' ? GUARD.get(type) : undefined) ??
    BY_CPU[cpu]?.[exception]?.get(flags);
  return `${exception} / ${detail ?? hex8(flags)}`;
}
