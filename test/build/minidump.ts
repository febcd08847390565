/** One minidump with everything in it. */
import { amd64Context } from './minidump-contexts.ts';
import type { MinidumpSpec } from './minidump-spec.ts';
import { buildMinidump } from './minidump-writer.ts';

/** A dump with every stream in it: what the corpus of broken dumps is made from. */
export function fullMinidump(change: Partial<MinidumpSpec> = {}): Buffer {
  const stack = Buffer.alloc(256);
  stack.writeBigUInt64LE(0x400100n, 8);
  stack.writeBigUInt64LE(0x7f0000000123n, 64);
  return buildMinidump({
    time: 1_790_000_000,
    system: {
      arch: 9,
      platform: 0x8201,
      csd: 'Linux 6.1.0 #1 SMP x86_64 GNU/Linux',
      level: 6,
      revision: 0x8e0a,
    },
    exception: {
      thread: 12,
      code: 11,
      flags: 1,
      address: 0x20n,
      context: amd64Context({ rip: 0x400123n, rsp: 0x7ffe1000n }),
    },
    threads: [
      { id: 11, name: 'main', context: amd64Context({ rip: 0x7f0000000200n }) },
      {
        id: 12,
        name: 'worker',
        stack: { start: 0x7ffe1000n, bytes: stack },
        context: amd64Context({ rip: 0x1n }),
      },
    ],
    modules: [
      {
        name: '/opt/app/bin/app',
        base: 0x400000n,
        size: 0x1000,
        buildId: '33d5acc8fa4faf0b13925815e36479afcc7663ef',
      },
      {
        name: '/lib/libc.so.6',
        base: 0x7f0000000000n,
        size: 0x1000,
        buildId: '93ac61ec5a8eb1396f9fbd350e3169a558528a40',
        version: [6, 0, 0, 0],
      },
    ],
    unloaded: [{ name: 'C:\\old.dll', base: 0x10000n, size: 0x2000, time: 0x5f000000 }],
    memory: [{ start: 0x7ffe1000n, bytes: stack }],
    memory64: [{ start: 0x9000n, bytes: Buffer.alloc(64) }],
    memoryInfo: 3,
    misc: { pid: 11, created: 1_789_999_000 },
    breakpad: { dumpThread: 11, requestingThread: 12 },
    assertion: { expression: 'size > 0', function: 'grow', file: 'vector.cc', line: 42 },
    crashpad: {
      reportId: '4909a796-5ffe-49ae-bab1-35914e407fd7',
      clientId: '321bcaff-a721-4eed-a08d-4ea227b4e9c8',
      simple: { prod: 'App', ver: '1.2' },
      modules: [
        {
          index: 0,
          list: ['one', 'two'],
          simple: { a: 'b' },
          objects: [{ name: 'key', type: 1, value: 'välue' }],
        },
      ],
    },
    handles: 7,
    linux: {
      cpuinfo: 'processor\t: 0\nmicrocode\t: 0xA0\nprocessor\t: 1\nmicrocode\t: 0xb0\n',
      status: 'Name:\tworker\nTgid:\t11\nPid:\t12\n',
      lsb: 'DISTRIB_ID=Debian\nDISTRIB_DESCRIPTION="Debian GNU/Linux 12"\n',
      cmdline: 'app\0--flag\0',
      maps: '00400000-00401000 r-xp 0 00:00 0 /opt/app/bin/app\n7f0000000000-7f0000001000 r-xp 0 00:00 0 /lib/libc.so.6\n',
    },
    ...change,
  });
}
