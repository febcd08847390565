/** Hostile uploads: the process lives, memory is bounded, each upload has one outcome, nothing is left open. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BOUNDARY, dump, field, formBytes } from '../build/multipart.ts';
import { CRASH_ID, contentType, type Options, post, postForm, type Running, raw, start } from './harness.ts';

let running: Running;
const MiB = 1024 ** 2;
const open = async (settings: Options['settings'] = {}): Promise<void> => {
  running = await start({ settings });
};
afterEach(async () => {
  await running.collector.close();
  expect(running.spool.open).toBe(0);
  expect(running.reported).toEqual([]);
});
const reasons = (): string[] => running.outcomes.map((o) => `${o.outcome} ${o.reason}`);
const head = (length: number | 'chunked', more = ''): string =>
  `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: ${contentType}\r\n${more}` +
  `${length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`;

const FORM = [
  field('ProductName', 'Fenix'),
  field('Version', '1.0'),
  dump('upload_file_minidump', 'MDMP'.repeat(20)),
];

describe('bodies cut short', () => {
  beforeEach(() => open());

  it('at every byte are refused, with a reason each', async () => {
    const body = await formBytes(FORM);
    const closing = body.length - 2;
    for (let length = 1; length < closing; length += 1) {
      const { status, text } = await post(running, body.subarray(0, length));
      expect(`${status} ${text}`, String(length)).toBe('400 Discarded=malformed_invalid_payload_structure');
    }
    expect(running.outcomes).toHaveLength(closing - 1);
    for (let length = closing; length <= body.length; length += 1) {
      expect((await post(running, body.subarray(0, length))).text).toMatch(CRASH_ID);
    }
  });

  it('at every byte of a gzip stream are refused', async () => {
    const body = gzipSync(await formBytes(FORM));
    for (let length = 1; length < body.length; length += 1) {
      const { text } = await post(running, body.subarray(0, length), { 'content-encoding': 'gzip' });
      expect(text).toMatch(/^Discarded=malformed_(bad_gzip|invalid_payload_structure)$/);
    }
    expect(running.spool.reports.size).toBe(0);
  });

  it('by a closed connection have an outcome and leave nothing', async () => {
    const body = await formBytes([...FORM, dump('big', Buffer.alloc(MiB))]);
    for (const length of [0, 10, 300, 5000, 800_000]) {
      await raw(running.port, [head(body.length), body.subarray(0, length)], { end: true });
    }
    await expect.poll(() => reasons()).toEqual(Array(5).fill('rejected client_gone'));
  });
});

describe('bombs', () => {
  const bomb = async () => formBytes([...FORM, dump('bomb', Buffer.alloc(64 * MiB)), field('late', '1')]);

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('%s: the ratio cap drops the dump and keeps the annotations', async (coding, compress) => {
    await open();
    const body = compress(await bomb());
    expect(body.length).toBeLessThan(MiB);
    expect((await post(running, body, { 'content-encoding': coding })).text).toMatch(CRASH_ID);
    const { raw: kept, dumps } = running.spool.only();
    expect(kept.annotations).toEqual({ ProductName: 'Fenix', Version: '1.0' });
    expect(Object.keys(dumps)).toEqual(['upload_file_minidump']);
    expect(reasons()).toEqual(['truncated ratio']);
  });

  it('the cap on uncompressed bytes does the same', async () => {
    await open({ max_uncompressed: '1MB', max_ratio: 100_000 });
    await post(running, gzipSync(await bomb()), { 'content-encoding': 'gzip' });
    expect(reasons()).toEqual(['truncated uncompressed_size']);
  });

  it('the cap on compressed bytes does the same, and the rest of the body is read', async () => {
    await open({ max_compressed: '1MB' });
    expect((await post(running, await bomb())).text).toMatch(CRASH_ID);
    expect(reasons()).toEqual(['truncated compressed_size']);
  });

  it('a body too long to throw away is answered at once, and its connection closed', async () => {
    await open({ max_compressed: '1MB', max_drain: '1MB' });
    const body = await formBytes([...FORM, dump('big', Buffer.alloc(8 * MiB))]);
    const text = await raw(running.port, [head(1024 ** 4), body.subarray(0, 2 * MiB)], {
      until: /CrashID=bp-.*\n/,
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text.toLowerCase()).toContain('connection: close');
    expect(reasons()).toEqual(['truncated compressed_size']);
  });

  it('gzip within gzip is a dump like any other', async () => {
    await open();
    const inner = gzipSync(gzipSync(Buffer.alloc(32 * MiB)));
    await post(running, gzipSync(await formBytes([...FORM, dump('nested', inner)])), {
      'content-encoding': 'gzip',
    });
    expect(running.spool.only().dumps['nested']?.equals(inner)).toBe(true);
  });

  it('a zstd frame that wants a larger window than we give is refused', async () => {
    await open();
    const { constants } = await import('node:zlib');
    // No size in the frame: with one the window would shrink to it.
    const { createZstdCompress } = await import('node:zlib');
    const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
    stream.write(await formBytes(FORM));
    stream.end();
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    const answer = await post(running, Buffer.concat(pieces), { 'content-encoding': 'zstd' });
    expect(answer.text).toBe('Discarded=malformed_bad_zstd');
  });

  it('no memory for a decoder is told the client, with no id', async () => {
    await open({ upload_memory: '1MB' });
    const answer = await post(running, zstdCompressSync(await formBytes(FORM)), {
      'content-encoding': 'zstd',
    });
    expect(answer).toMatchObject({ status: 503, text: '' });
    expect(reasons()).toEqual(['rejected overloaded']);
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
  });
});

describe('many and large parts', () => {
  it('10,000 parts: those past the cap are dropped', async () => {
    await open();
    const parts = Array.from({ length: 10_000 }, (_, i) => field(`f${i}`, 'x'));
    expect((await postForm(running, parts)).text).toMatch(CRASH_ID);
    expect(Object.keys(running.spool.only().raw.annotations)).toHaveLength(2000);
    expect(reasons()).toEqual(['truncated parts']);
  });

  it('100,000 annotations in JSON: the same', async () => {
    await open();
    const json = JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, i])));
    expect((await postForm(running, [field('extra', json, 'application/json')])).text).toMatch(CRASH_ID);
    expect(Object.keys(running.spool.only().raw.annotations)).toHaveLength(2000);
    expect(reasons()).toEqual(['truncated annotations']);
  });

  it('JSON nested a hundred thousand levels deep is refused', async () => {
    await open();
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await postForm(running, [field('extra', deep, 'application/json')])).text).toBe(
      'Discarded=malformed_invalid_json',
    );
  });

  it('the same name 1,500 times is one annotation, the last', async () => {
    await open();
    await postForm(
      running,
      Array.from({ length: 1500 }, (_, i) => field('same', String(i))),
    );
    expect(running.spool.only().raw.annotations).toEqual({ same: '1499' });
  });

  it.each([
    ['an annotation', { max_annotation: 100 }, field('big', 'x'.repeat(101)), 'annotation_size'],
    ['all annotations', { max_annotations_size: 150 }, field('big', 'x'.repeat(130)), 'annotations_size'],
    [
      'a JSON part',
      { max_annotations_size: 150 },
      field('e', `{"x":"${'x'.repeat(200)}"}`, 'application/json'),
      'annotations_size',
    ],
    ['a dump', { max_dump: 1000 }, dump('big', Buffer.alloc(1001)), 'dump_size'],
    ['a part header', { max_part_header: 200 }, field('n'.repeat(300), 'x'), 'part_header_size'],
    ['memory', { upload_memory: MiB + 1000 }, field('big', 'x'.repeat(1001)), 'memory'],
  ])('%s past its cap is dropped and the rest kept', async (_title, settings, part, reason) => {
    await open(settings);
    expect((await postForm(running, [...FORM, part, field('late', '1')])).text).toMatch(CRASH_ID);
    const { raw: kept, dumps } = running.spool.only();
    expect(kept.annotations).toEqual({ ProductName: 'Fenix', Version: '1.0', late: '1' });
    expect(Object.keys(dumps)).toEqual(['upload_file_minidump']);
    expect(reasons()).toEqual([`truncated ${reason}`]);
  });

  it('more dumps than allowed are dropped; one that replaces another is not one more', async () => {
    await open({ max_dumps: 2 });
    await postForm(running, [...FORM, dump('b', '1'), dump('b', '2'), dump('c', '3')]);
    expect(Object.keys(running.spool.only().dumps)).toEqual(['upload_file_minidump', 'b']);
    expect(reasons()).toEqual(['truncated dumps']);
  });

  it('dumps for which there is no memory are dropped', async () => {
    await open({ upload_memory: 1000 });
    expect((await postForm(running, FORM)).text).toMatch(CRASH_ID);
    expect(running.spool.only().dumps).toEqual({});
    expect(reasons()).toEqual(['truncated memory']);
  });

  it('a dump in pieces of every size is whole', async () => {
    await open();
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7) % 256));
    const body = await formBytes([field('a', '1'), dump('d', bytes)]);
    let at = 0;
    const wire: Buffer[] = [];
    for (let size = 1; at < body.length; size = size === 1 ? 5000 : 1) {
      const piece = body.subarray(at, at + size);
      wire.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
      at += size;
    }
    await raw(running.port, [head('chunked'), Buffer.concat(wire), '0\r\n\r\n'], {
      until: /CrashID=bp-.*\n/,
    });
    expect(running.spool.only().dumps['d']?.equals(bytes)).toBe(true);
  });

  it('names of 255 bytes are kept, longer ones dropped with a note', async () => {
    await open();
    await postForm(running, [field('n'.repeat(255), '1'), field('ü'.repeat(128), '2'), field('a\0b', '3')]);
    const { raw: kept } = running.spool.only();
    expect(Object.keys(kept.annotations)).toEqual(['n'.repeat(255), 'a\0b']);
    expect(kept.metadata.notes).toHaveLength(1);
  });

  it('one-byte chunks cost no more memory than their bytes', async () => {
    await open({ max_annotation: '4MB' });
    const text = 'x'.repeat(300_000);
    const body = (await formBytes([field('a', text)])).toString();
    const wire = `${[...body].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`;
    const before = process.memoryUsage().heapUsed;
    await raw(running.port, [head('chunked'), wire], { until: /CrashID=bp-.*\n/ });
    expect(running.spool.only().raw.annotations['a']).toBe(text);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * MiB);
  });

  it('memory for annotations is given back', async () => {
    await open({ upload_memory: 5000 });
    for (let i = 0; i < 10; i += 1) await postForm(running, [field('a', 'x'.repeat(4000))]);
    expect(reasons()).toEqual(Array(10).fill('accepted accept_everything'));
  });
});

describe('whatever is sent', () => {
  it('is kept or refused, with one outcome each', async () => {
    await open({ max_annotation: 300, max_dump: 300, max_parts: 5 });
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          `--${BOUNDARY}\r\n`,
          `\r\n--${BOUNDARY}\r\n`,
          `\r\n--${BOUNDARY}--`,
          'Content-Disposition: form-data; name="a"\r\n\r\n',
          'Content-Disposition: form-data; name="../../x"; filename="/etc/passwd"\r\n\r\n',
          'Content-Type: application/json\r\nContent-Disposition: form-data; name=extra\r\n\r\n{"a":{"__proto__":1}}',
          'Content-Type: text/plain; charset=utf-16\r\n',
          '\0',
        )
        .map((text) => Buffer.from(text)),
    );
    const coding = fc.constantFrom(['', (b: Buffer) => b], ['gzip', gzipSync], ['zstd', zstdCompressSync]);
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 15 }), coding, async (pieces, [name, encode]) => {
        sent += 1;
        const body = (encode as (b: Buffer) => Buffer)(
          Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n`), ...pieces]),
        );
        const { status, text } = await post(
          running,
          body,
          name ? { 'content-encoding': name as string } : {},
        );
        expect([200, 400]).toContain(status);
        expect(text).toMatch(/^(CrashID=bp-|Discarded=)/);
        expect(running.outcomes).toHaveLength(sent);
      }),
      { numRuns: 500 },
    );
  });
});
