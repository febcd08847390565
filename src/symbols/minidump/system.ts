/** What the process ran on. Wording is rust-minidump's, so that a crash reads the same whoever walked it. */

import { readArmCpu } from './arm-cpu.ts';
import type { DumpFile, Location, View } from './bytes.ts';
import type { MinidumpSystem } from './data.ts';

const OS = new Map<number, string>([
  [1, 'Windows NT'],
  [2, 'Windows NT'],
  [0x8101, 'Mac OS X'],
  [0x8102, 'iOS'],
  [0x8201, 'Linux'],
  [0x8202, 'Solaris'],
  [0x8203, 'Android'],
  [0x8204, 'PS3'],
  [0x8205, 'NaCl'],
  [0x8206, 'Fuchsia'],
]);

/** Processor architectures: name and pointer size. */
const CPU = new Map<number, readonly [name: string, pointerBytes: number]>([
  [0, ['x86', 4]],
  [1, ['mips', 4]],
  [3, ['ppc', 4]],
  [5, ['arm', 4]],
  [9, ['amd64', 8]],
  [10, ['x86', 4]],
  [12, ['arm64', 8]],
  [0x8001, ['sparc', 4]],
  [0x8002, ['ppc64', 8]],
  [0x8003, ['arm64', 8]],
  [0x8004, ['mips64', 8]],
  [0x8005, ['riscv', 4]],
  [0x8006, ['riscv64', 8]],
]);

const STREAM_BYTES = 56;
const CPU_AT = 32;

function cpuInfo(arch: string, view: View): string | null {
  const level = view.u16(2);
  if (arch === 'arm') return readArmCpu(level, view.u32(CPU_AT), view.u32(CPU_AT + 4));
  if (arch !== 'x86' && arch !== 'amd64') return null;
  const revision = view.u16(4);
  const family = `family ${level} model ${revision >> 8} stepping ${revision & 0xff}`;
  if (arch === 'amd64') return family;
  const vendor = Buffer.alloc(12);
  for (let i = 0; i < 3; i += 1) vendor.writeUInt32LE(view.u32(CPU_AT + i * 4), i * 4);
  return `${vendor.toString('latin1').replaceAll('\0', '')} ${family}`;
}

/**
 * Version and build. Breakpad and Crashpad leave the numbers 0 on Linux and put `uname -srvmo` where Windows has its
 * service pack: `Linux VERSION BUILD… ARCH GNU/Linux`, of which the second word is the version.
 */
function osVersion(os: string, numbers: string, csd: string): string {
  const build = csd.trim();
  if (os === 'Linux' && numbers === '0.0.0') {
    const words = csd.split(' ');
    const version = words[1] ?? '0.0.0';
    if (version !== '0.0.0') {
      const rest = words.slice(2, -1);
      if (words.at(-1) === 'Linux/GNU') rest.pop();
      return [version, ...rest].join(' ').trim();
    }
  }
  return build === '' ? numbers : `${numbers} ${build}`;
}

export function readSystem(
  file: DumpFile,
  at: Location,
  cpuinfo: Readonly<Record<string, string>> | undefined,
  problem: (text: string) => void,
): MinidumpSystem {
  const view = file.view(at.rva, STREAM_BYTES, 'system info');
  const arch = view.u16(0);
  const [cpuArch, pointerBytes] = CPU.get(arch) ?? ['unknown', 8];
  const platform = view.u32(20);
  const os = OS.get(platform) ?? `0x${platform.toString(16).padStart(8, '0')}`;
  let csd = '';
  const csdAt = view.u32(24);
  try {
    if (csdAt !== 0) csd = file.utf16(csdAt, 'system version text');
  } catch (error) {
    problem(error instanceof Error ? error.message : String(error));
  }
  const microcode = /^0x[0-9a-f]{1,16}$/i.exec(cpuinfo?.['microcode'] ?? '');
  return {
    os,
    osVersion: osVersion(os, `${view.u32(8)}.${view.u32(12)}.${view.u32(16)}`, csd),
    cpuArch,
    cpuInfo: cpuInfo(cpuArch, view),
    cpuCount: view.u8(6),
    cpuMicrocode: microcode ? microcode[0].toLowerCase() : null,
    pointerBytes,
  };
}
