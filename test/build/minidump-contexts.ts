/** CPU contexts of threads (Breakpad's minidump_cpu_*.h). */

/** CONTEXT of an amd64 thread. */
export function amd64Context(registers: Readonly<Record<string, bigint>>): Buffer {
  const names = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip'.split(' ');
  const bytes = Buffer.alloc(1232);
  bytes.writeUInt32LE(0x10001f, 48);
  for (const [i, name] of names.entries()) bytes.writeBigUInt64LE(registers[name] ?? 0n, 120 + i * 8);
  return bytes;
}

export function x86Context(registers: Readonly<Record<string, number>>): Buffer {
  const offsets: Readonly<Record<string, number>> = {
    edi: 156,
    esi: 160,
    ebx: 164,
    edx: 168,
    ecx: 172,
    eax: 176,
    ebp: 180,
    eip: 184,
    eflags: 192,
    esp: 196,
  };
  const bytes = Buffer.alloc(716);
  bytes.writeUInt32LE(0x1007f, 0);
  for (const [name, value] of Object.entries(registers)) bytes.writeUInt32LE(value, offsets[name] ?? 0);
  return bytes;
}

export function arm64Context(pc: bigint, sp: bigint, x0: bigint): Buffer {
  const bytes = Buffer.alloc(912);
  bytes.writeUInt32LE(0x400007, 0);
  bytes.writeBigUInt64LE(x0, 8);
  bytes.writeBigUInt64LE(sp, 256);
  bytes.writeBigUInt64LE(pc, 264);
  return bytes;
}

export function armContext(pc: number, sp: number, r0: number): Buffer {
  const bytes = Buffer.alloc(368);
  bytes.writeUInt32LE(0x40000006, 0);
  bytes.writeUInt32LE(r0, 4);
  bytes.writeUInt32LE(sp, 4 + 13 * 4);
  bytes.writeUInt32LE(pc, 4 + 15 * 4);
  return bytes;
}
