import { describe, expect, it } from 'vitest';
import { bufferSource } from '../../src/symbols/minidump/bytes.ts';
import type { MinidumpData } from '../../src/symbols/minidump/data.ts';
import { readMinidump } from '../../src/symbols/minidump/read-minidump.ts';
import { fullMinidump } from '../build/minidump.ts';
import { amd64Context, arm64Context, armContext, x86Context } from '../build/minidump-contexts.ts';
import type { MinidumpSpec } from '../build/minidump-spec.ts';
import { buildMinidump } from '../build/minidump-writer.ts';

const read = (spec: MinidumpSpec): MinidumpData => readMinidump(bufferSource(buildMinidump(spec)));

const ARCH = { x86: 0, arm: 5, amd64: 9, arm64: 12 } as const;
const PLATFORM = { windows: 2, mac: 0x8101, linux: 0x8201, android: 0x8203 } as const;

describe('ids of modules', () => {
  const idsOn = (
    platform: keyof typeof PLATFORM,
    module: Omit<NonNullable<MinidumpSpec['modules']>[number], 'name'>,
  ) => {
    const data = read({
      system: { arch: ARCH.amd64, platform: PLATFORM[platform] },
      threads: [],
      modules: [{ name: 'C:\\Program Files\\app\\app.exe', time: 0x5a1b2c3d, size: 0xa000, ...module }],
    });
    const { debugFile, debugId, codeId, version, filename } = data.modules[0] ?? {};
    return { debugFile, debugId, codeId, version, filename };
  };

  it('PDB 7: GUID and age; a PE by time stamp and size', () => {
    const pdb = { guid: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9', age: 0x1f, file: 'd:\\build\\app.pdb' };
    expect(idsOn('windows', { pdb, version: [0x20001, 0x30004, 0, 0] })).toEqual({
      debugFile: 'app.pdb',
      debugId: '0A1B2C3D4E5F60718293A4B5C6D7E8F91F',
      codeId: '5a1b2c3da000',
      version: '2.1.3.4',
      filename: 'app.exe',
    });
  });

  it('PDB 2: signature and age', () => {
    const ids = idsOn('windows', { pdb20: { time: 0x3c3d4e5f, age: 2, file: 'app.pdb' } });
    expect(ids).toMatchObject({ debugFile: 'app.pdb', debugId: '3C3D4E5F2', codeId: '5a1b2c3da000' });
  });

  it('ELF: the build id, whole as code id, its first 16 bytes as a little-endian GUID as debug id', () => {
    expect(
      idsOn('linux', { buildId: '33d5acc8fa4faf0b13925815e36479afcc7663ef', version: [1, 2, 3, 4] }),
    ).toEqual({
      debugFile: 'app.exe',
      debugId: 'C8ACD5334FFA0BAF13925815E36479AF0',
      codeId: '33d5acc8fa4faf0b13925815e36479afcc7663ef',
      version: '1.2.3.4',
      filename: 'app.exe',
    });
  });

  it('ELF: a short build id is filled with zeros', () => {
    expect(idsOn('linux', { buildId: '33d5acc8fa4faf0b' })).toMatchObject({
      debugId: 'C8ACD5334FFA0BAF00000000000000000',
      codeId: '33d5acc8fa4faf0b',
    });
  });

  it('ELF: an empty build id is no id', () => {
    expect(idsOn('linux', { buildId: '00'.repeat(20) })).toMatchObject({ debugId: null, codeId: null });
  });

  it('Mach-O: the UUID', () => {
    const pdb = { guid: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9', age: 0, file: 'app' };
    expect(idsOn('mac', { pdb })).toMatchObject({
      debugId: '0A1B2C3D4E5F60718293A4B5C6D7E8F90',
      codeId: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    });
  });

  it('no record: a PE still has its code id, others have none', () => {
    expect(idsOn('windows', {})).toMatchObject({ debugFile: null, debugId: null, codeId: '5a1b2c3da000' });
    expect(idsOn('linux', {})).toMatchObject({ debugFile: null, debugId: null, codeId: null });
  });
});

describe('registers', () => {
  const contextOf = (arch: keyof typeof ARCH, context: Buffer) =>
    read({ system: { arch: ARCH[arch], platform: PLATFORM.linux }, threads: [{ id: 1, context }] })
      .threads[0];

  it('amd64', () => {
    const thread = contextOf('amd64', amd64Context({ rip: 0x55b178a08ee0n, r15: 0x7ffcac23bdb0n }));
    expect(thread?.instruction).toBe('0x000055b178a08ee0');
    expect(thread?.registers).toMatchObject({
      rip: '0x000055b178a08ee0',
      r15: '0x00007ffcac23bdb0',
      rax: '0x0000000000000000',
    });
  });

  it('x86', () => {
    const thread = contextOf('x86', x86Context({ eip: 0x401000, esp: 0x12ff00, eflags: 0x246 }));
    expect(thread?.instruction).toBe('0x00401000');
    expect(thread?.registers).toMatchObject({ eip: '0x00401000', esp: '0x0012ff00', eflags: '0x00000246' });
  });

  it('arm and arm64', () => {
    expect(contextOf('arm', armContext(0x8000, 0xbe00, 7))?.registers).toMatchObject({
      pc: '0x00008000',
      sp: '0x0000be00',
      r0: '0x00000007',
    });
    const thread = contextOf('arm64', arm64Context(0x100004000n, 0x16fdff000n, 7n));
    expect(thread?.instruction).toBe('0x0000000100004000');
    expect(thread?.registers).toMatchObject({ sp: '0x000000016fdff000', x0: '0x0000000000000007' });
  });

  it('of the thread that crashed are the exception’s: its own are inside the handler', () => {
    const data = readMinidump(bufferSource(fullMinidump()));
    expect(data.threads[1]?.instruction).toBe('0x0000000000400123');
  });

  it('a context that is too short gives none', () => {
    expect(contextOf('amd64', Buffer.alloc(100))).toMatchObject({ instruction: null, registers: null });
  });
});

describe('the rest of a dump', () => {
  const full = readMinidump(bufferSource(fullMinidump()));

  it('reads every stream', () => {
    expect(full).toMatchObject({
      status: 'OK',
      problems: [],
      time: 1_790_000_000,
      crashingThread: 1,
      system: {
        os: 'Linux',
        osVersion: '6.1.0 #1 SMP x86_64',
        cpuArch: 'amd64',
        cpuCount: 4,
        cpuMicrocode: '0xa0',
      },
      misc: { pid: 11, createTime: 1_789_999_000 },
      memory: { ranges: 2, bytes: 320, infoRegions: 3 },
      assertion: { expression: 'size > 0', function: 'grow', file: 'vector.cc', line: 42 },
      handles: 7,
      unloadedModules: [{ filename: 'old.dll', codeId: '5f0000002000' }],
      linux: {
        commandLine: 'app --flag',
        mapCount: 2,
        lsbRelease: { DISTRIB_DESCRIPTION: 'Debian GNU/Linux 12' },
      },
    });
    expect(full.threads.map((t) => [t.id, t.name])).toEqual([
      [11, 'main'],
      [12, 'worker'],
    ]);
  });

  it('reads Crashpad’s ids and annotations of every kind', () => {
    expect(full.crashpad).toEqual({
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
    });
  });

  it('padded lists, and dumps of the other byte order, read alike', () => {
    for (const change of [
      { padded: true },
      { bigEndian: true, exception: undefined },
    ] as Partial<MinidumpSpec>[]) {
      const data = readMinidump(bufferSource(fullMinidump(change)));
      expect(data.problems).toEqual([]);
      expect(data.threads.map((t) => t.name)).toEqual(['main', 'worker']);
      expect(data.modules).toEqual(full.modules);
      expect(data.crashpad).toEqual(full.crashpad);
    }
  });

  it('without an exception the thread that asked for the dump counts', () => {
    const { exception: _, ...spec } = {
      exception: 0,
      threads: [{ id: 5 }, { id: 6 }],
      breakpad: { requestingThread: 6 },
    };
    expect(read({ system: { arch: 9, platform: 0x8201 }, ...spec }).crashingThread).toBe(1);
  });

  it('finds GetLastError() in the thread environment block', () => {
    const teb = Buffer.alloc(256);
    teb.writeUInt32LE(5, 13 * 8);
    const data = read({
      system: { arch: ARCH.amd64, platform: PLATFORM.windows },
      threads: [
        { id: 1, teb: 0x7ff000n },
        { id: 2, teb: 0x1n },
      ],
      memory: [{ start: 0x7ff000n, bytes: teb }],
    });
    expect(data.threads.map((t) => t.lastError)).toEqual(['ERROR_ACCESS_DENIED', null]);
  });

  it('wants symbols of the modules that a stack points into, those of the crashing thread first', () => {
    const stackTo = (...addresses: bigint[]): Buffer => {
      const bytes = Buffer.alloc(addresses.length * 8);
      for (const [i, address] of addresses.entries()) bytes.writeBigUInt64LE(address, i * 8);
      return bytes;
    };
    const quiet = { start: 0x1000n, bytes: stackTo(0x30010n, 0x30020n, 0x30030n, 0x20000n) };
    const crashed = { start: 0x2000n, bytes: stackTo(0x20fffn, 0x21000n, 0n) };
    const data = read({
      system: { arch: ARCH.amd64, platform: PLATFORM.linux },
      exception: { thread: 2, code: 11, context: amd64Context({ rip: 0x10000n }) },
      threads: [
        { id: 1, stack: quiet },
        { id: 2, stack: crashed },
      ],
      memory: [quiet, crashed],
      modules: [0x10000n, 0x20000n, 0x30000n, 0x40000n].map((base, i) => ({
        name: `m${i}`,
        base,
        size: 0x1000,
      })),
    });
    expect(data.stackModules).toEqual([1, 0, 2]);
  });
});
