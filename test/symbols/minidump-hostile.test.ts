import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bufferSource, fileSource } from '../../src/symbols/minidump/bytes.ts';
import type { MinidumpData } from '../../src/symbols/minidump/data.ts';
import { readMinidump } from '../../src/symbols/minidump/read-minidump.ts';
import { fullMinidump } from '../build/minidump.ts';
import { pack } from '../build/minidump-bytes.ts';
import { buildMinidump } from '../build/minidump-writer.ts';
import { scratchFolder } from './tools.ts';

const read = (bytes: Buffer): MinidumpData => readMinidump(bufferSource(bytes));
const full = fullMinidump();
const whole = read(full);

/** Where the entry of a stream lies in the directory. */
function entryOf(dump: Buffer, type: number): number {
  const directory = dump.readUInt32LE(12);
  for (let i = 0; i < dump.readUInt32LE(8); i += 1)
    if (dump.readUInt32LE(directory + i * 12) === type) return directory + i * 12;
  throw new Error(`no stream ${type}`);
}

function changed(change: (dump: Buffer) => void): Buffer {
  const dump = Buffer.from(full);
  change(dump);
  return dump;
}

/** Every address and id is still something that people and stores can take. */
function expectSane(data: MinidumpData): void {
  expect(data.status).toMatch(/^(OK|ERROR_NO_MINIDUMP_HEADER|ERROR_NO_THREAD_LIST)$/);
  expect(data.problems.length).toBeLessThanOrEqual(51);
  for (const module of data.modules) {
    expect(module.base).toMatch(/^0x[0-9a-f]{8,16}$/);
    if (module.debugId !== null) expect(module.debugId).toMatch(/^[0-9A-F]{9,40}$/);
    expect(module.filename.isWellFormed()).toBe(true);
  }
  expect(() => JSON.stringify(data)).not.toThrow();
}

describe('a dump that is cut off', () => {
  it('at any byte gives what is whole, and never throws', () => {
    for (let length = 0; length < full.length; length += 1) {
      const data = read(full.subarray(0, length));
      expectSane(data);
      if (length < 32) expect(data.status).toBe('ERROR_NO_MINIDUMP_HEADER');
      else expect(data.problems).not.toEqual([]);
    }
  });
});

describe('a dump with random damage', () => {
  it('never throws', () => {
    const damage = fc.array(fc.tuple(fc.nat(full.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(damage, (changes) => {
        expectSane(
          read(
            changed((dump) => {
              for (const [at, value] of changes) dump[at] = value;
            }),
          ),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('with words that are counts, sizes and offsets made extreme never throws', () => {
    const extreme = fc.constantFrom(
      0,
      1,
      4,
      0x7fffffff,
      0x80000000,
      0xfffffffc,
      0xffffffff,
      full.length,
      full.length - 4,
    );
    const damage = fc.array(fc.tuple(fc.nat(full.length / 4 - 1), extreme), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, (changes) => {
        expectSane(
          read(
            changed((dump) => {
              for (const [word, value] of changes) dump.writeUInt32LE(value, word * 4);
            }),
          ),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('that is nothing but noise behind a header never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 2000 }), (noise) => {
        const dump = Buffer.from(noise);
        pack(false, [32, 0x504d444d], [32, 0xa793]).copy(dump);
        expectSane(read(dump));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('kinds of broken dumps', () => {
  it('no bytes, text, a wrong signature, a wrong version', () => {
    const dumps = [
      Buffer.alloc(0),
      Buffer.from('this is no minidump, it is a line of text that is long enough'),
      changed((dump) => dump.write('XMDM', 0)),
      changed((dump) => dump.writeUInt16LE(0x1234, 4)),
    ];
    for (const dump of dumps) expect(read(dump).status).toBe('ERROR_NO_MINIDUMP_HEADER');
  });

  it('a directory outside the file, or one that claims four thousand million streams', () => {
    expect(read(changed((dump) => dump.writeUInt32LE(0xfffffff0, 12)))).toMatchObject({
      status: 'ERROR_NO_THREAD_LIST',
      problems: ['the stream directory is cut off'],
    });
    const many = read(changed((dump) => dump.writeUInt32LE(0xffffffff, 8)));
    expect(many.status).toBe('OK');
    expect(many.problems).toContain('the stream directory is cut off');
  });

  it.each([
    ['thread list', 3],
    ['module list', 4],
    ['memory list', 5],
  ])('a %s that claims more entries than there are bytes', (what, type) => {
    const data = read(
      changed((dump) => dump.writeUInt32LE(0xffffffff, dump.readUInt32LE(entryOf(dump, type) + 8))),
    );
    expect(data.problems).toContain(`${what} is cut off`);
  });

  it('a stream that is missing, or there twice', () => {
    const without = read(changed((dump) => dump.writeUInt32LE(0, entryOf(dump, 4))));
    expect(without).toMatchObject({ status: 'OK', modules: [], problems: [] });
    const twice = read(changed((dump) => dump.writeUInt32LE(3, entryOf(dump, 15))));
    expect(twice.problems).toEqual(['stream threadList is there twice; the first one counts']);
    expect(twice.threads).toEqual(whole.threads);
  });

  it('streams that overlap, and lists that point into themselves', () => {
    const header = changed((dump) => dump.writeUInt32LE(0, entryOf(dump, 0x43500001) + 8));
    expectSane(read(header));
    const circle = changed((dump) => {
      const info = dump.readUInt32LE(entryOf(dump, 0x43500001) + 8);
      // The dictionary's entries and the module list are the info itself.
      dump.writeUInt32LE(info, info + 40);
      dump.writeUInt32LE(info, info + 48);
    });
    expectSane(read(circle));
  });

  it('annotation lists that all point at the same thousands of entries end', () => {
    const count = 4000;
    const strings = pack(false, [32, 1], [8, 97], [8, 0]);
    const list = 32 + 12 + strings.length;
    const entries = Buffer.concat([pack(false, [32, count]), Buffer.alloc(count * 4)]);
    for (let i = 0; i < count; i += 1) entries.writeUInt32LE(44, 4 + i * 4);
    const info = list + entries.length;
    const infoBytes = pack(false, [32, 1], [32, 9], [32, list], [32, 0], [32, 0], [32, 0], [32, 0]);
    const links = info + infoBytes.length;
    const link = pack(false, [32, 0], [32, 28], [32, info]);
    const linkBytes = Buffer.concat([pack(false, [32, count]), ...Array.from({ length: count }, () => link)]);
    const head = links + linkBytes.length;
    const headBytes = Buffer.concat([
      Buffer.alloc(36),
      pack(false, [32, 0], [32, 0], [32, 9], [32, links], [32, 0], [64, 0]),
    ]);
    const header = pack(false, [32, 0x504d444d], [32, 0xa793], [32, 1], [32, 32], [32, 0], [32, 0], [64, 0]);
    const directory = pack(false, [32, 0x43500001], [32, headBytes.length], [32, head]);
    const data = read(Buffer.concat([header, directory, strings, entries, infoBytes, linkBytes, headBytes]));
    expect(data.problems).toContain('more annotations than a dump may have');
    expect(data.crashpad?.modules.length).toBeLessThan(30);
  });

  it('an exception in a thread that is not there', () => {
    const data = read(changed((dump) => dump.writeUInt32LE(9999, dump.readUInt32LE(entryOf(dump, 6) + 8))));
    expect(data).toMatchObject({ crashingThread: null, exception: { threadId: 9999 } });
  });

  it('names outside the file cost the module, not the others', () => {
    const data = read(
      changed((dump) => dump.writeUInt32LE(0xffffff00, dump.readUInt32LE(entryOf(dump, 4) + 8) + 4 + 20)),
    );
    expect(data.modules.map((m) => m.filename)).toEqual(['libc.so.6']);
    expect(data.problems).toEqual(['module name lies outside the file']);
  });

  it('memory ranges outside the file are told and left out', () => {
    const outside = changed((dump) =>
      dump.writeUInt32LE(0xfffffff0, dump.readUInt32LE(entryOf(dump, 5) + 8) + 4 + 12),
    );
    expect(read(outside)).toMatchObject({
      memory: { ranges: 1 },
      problems: ['1 memory ranges lie outside the file'],
    });
    const wrapping = changed((dump) =>
      dump.writeBigUInt64LE(0xfffffffffffffff0n, dump.readUInt32LE(entryOf(dump, 9) + 8) + 8),
    );
    expect(read(wrapping).problems).toEqual(['64-bit memory ranges lie outside the file']);
  });

  it('names with separators, NUL, lone surrogates and escapes stay names', () => {
    const names = [
      '../../etc/passwd',
      'a\0b',
      `\ud800x`,
      'line\nThread 0 (crashed)',
      '',
      '.',
      '..',
      'x'.repeat(40_000),
    ];
    const data = read(buildMinidump({ threads: [], modules: names.map((name) => ({ name })) }));
    expect(data.modules.map((m) => m.filename.slice(0, 30))).toEqual([
      'passwd',
      'a',
      '\ufffdx',
      'line\nThread 0 (crashed)',
      '',
      '.',
      '..',
      'x'.repeat(30),
    ]);
    expect(data.modules.at(-1)?.filename.length).toBe(32_768);
  });

  it('one long name shared by thousands of modules ends when the dump’s text is used up', () => {
    const one = buildMinidump({ threads: [], modules: [{ name: 'y'.repeat(32_000) }] });
    const list = one.readUInt32LE(entryOf(one, 4) + 8);
    const entry = one.subarray(list + 4, list + 4 + 108);
    const count = 10_000;
    const bytes = Buffer.concat([
      one,
      pack(false, [32, count]),
      ...Array.from({ length: count }, () => entry),
    ]);
    bytes.writeUInt32LE(one.length, entryOf(one, 4) + 8);
    const data = read(bytes);
    expect(data.modules.length).toBeLessThan(600);
    expect(data.problems).toEqual(['more text than a dump may have']);
  });
});

describe('a dump on disk', () => {
  it('reads as one in memory does, far apart parts included', async () => {
    const path = join(await scratchFolder(), 'full.dmp');
    // The streams lie on both sides of many blocks of memory.
    const far = fullMinidump({ memory: [{ start: 0x1n, bytes: Buffer.alloc(3_000_000, 7) }] });
    writeFileSync(path, far);
    const fd = openSync(path, 'r');
    try {
      expect(readMinidump(fileSource(fd, far.length))).toEqual(read(far));
    } finally {
      closeSync(fd);
    }
  });

  it('that became shorter after it was measured is a problem, not an exception', async () => {
    const path = join(await scratchFolder(), 'short.dmp');
    writeFileSync(path, full.subarray(0, 3000));
    const fd = openSync(path, 'r');
    try {
      expect(readMinidump(fileSource(fd, full.length)).problems).toContain(
        'the file became shorter while it was read',
      );
    } finally {
      closeSync(fd);
    }
  });
});
