/** Registers of a thread, out of its CONTEXT (Breakpad's minidump_cpu_*.h). Names are rust-minidump's. */
import { hex, type View } from './bytes.ts';

interface Layout {
  readonly width: 4 | 8;
  readonly instruction: string;
  readonly stack: string;
  /** Bytes a context has at least; registers by their offset. */
  readonly bytes: number;
  readonly registers: readonly (readonly [name: string, at: number])[];
}

const sequence = (names: string, start: number, width: number): [string, number][] =>
  names.split(' ').map((name, i) => [name, start + i * width]);

const X86: Layout = {
  width: 4,
  instruction: 'eip',
  stack: 'esp',
  bytes: 204,
  registers: [...sequence('edi esi ebx edx ecx eax ebp eip', 156, 4), ['eflags', 192], ['esp', 196]],
};
const AMD64: Layout = {
  width: 8,
  instruction: 'rip',
  stack: 'rsp',
  bytes: 256,
  registers: sequence('rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip', 120, 8),
};
const ARM: Layout = {
  width: 4,
  instruction: 'pc',
  stack: 'sp',
  bytes: 72,
  registers: sequence('r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 fp r12 sp lr pc', 4, 4),
};
/** Breakpad's first layout for arm64 has its flags in 64 bits and no cpsr before the registers: they start at 8 too. */
const ARM64: Layout = {
  width: 8,
  instruction: 'pc',
  stack: 'sp',
  bytes: 272,
  registers: sequence(`${Array.from({ length: 29 }, (_, i) => `x${i}`).join(' ')} fp lr sp pc`, 8, 8),
};

const LAYOUTS: Readonly<Record<string, Layout>> = { x86: X86, amd64: AMD64, arm: ARM, arm64: ARM64 };

export interface Context {
  readonly instruction: bigint;
  readonly stack: bigint;
  readonly registers: Readonly<Record<string, string>>;
}

/** Undefined for a CPU whose registers we do not read (mips, ppc, riscv, sparc) and for a context that is too short. */
export function readContext(view: View, cpuArch: string): Context | undefined {
  const layout = LAYOUTS[cpuArch];
  if (!layout || view.length < layout.bytes) return undefined;
  const values = new Map(
    layout.registers.map(([name, at]) => [name, layout.width === 8 ? view.u64(at) : BigInt(view.u32(at))]),
  );
  return {
    instruction: values.get(layout.instruction) ?? 0n,
    stack: values.get(layout.stack) ?? 0n,
    registers: Object.fromEntries(
      [...values]
        .map(([name, value]): [string, string] => [name, hex(value, layout.width)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

/** The largest context that is read: an amd64 one with AVX-512 state is under 4 KiB. */
export const MAX_CONTEXT_BYTES = 8192;
