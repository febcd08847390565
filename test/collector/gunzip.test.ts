/** Our reader of gzip against Node's, and what Node's does not take. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGunzip } from '../../src/collector/gunzip.ts';
import { split } from '../build/multipart.ts';

async function unpack(packed: Buffer, sizes: readonly number[] = []): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await pipeline(Readable.from(split(packed, sizes)), createGunzip({ chunkSize: 1024 }), async (source) => {
    for await (const piece of source) pieces.push(piece as Buffer);
  });
  return Buffer.concat(pieces);
}

const same = async (packed: Buffer, sizes: readonly number[], plain: Buffer): Promise<void> =>
  expect((await unpack(packed, sizes)).equals(plain)).toBe(true);

const cuts = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 4 });
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 20_000 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat(300_000), fc.nat(255)).map(([size, byte]) => Buffer.alloc(size, byte)),
);
const GARBAGE = [
  '\r\n',
  'garbage',
  '\0\0\0\0',
  '\0garbage',
  '\x1f',
  '\x1f\x8b',
  '\x1fgarbage',
  'x'.repeat(200_000),
];

describe('gzip', () => {
  it('of one or several members, cut anywhere, is what was packed; what follows is ignored', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(contents, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', ...GARBAGE),
        cuts,
        fc.constantFrom(0, 1, 6, 9),
        async (members, garbage, sizes, level) => {
          const packed = members.map((member) => gzipSync(member, { level }));
          const body = Buffer.concat([...packed, Buffer.from(garbage, 'latin1')]);
          await same(body, sizes, Buffer.concat(members));
        },
      ),
      { numRuns: 200 },
    ));

  it('cut short at any byte is refused', async () => {
    const packed = gzipSync(randomBytes(300));
    for (let length = 0; length < packed.length; length += 1)
      await expect(unpack(packed.subarray(0, length))).rejects.toThrow('gzip: ');
  });

  it('with one bit wrong is refused, or its head says something else of the file', async () => {
    const plain = randomBytes(200);
    const packed = gzipSync(plain);
    for (let at = 0; at < packed.length * 8; at += 1) {
      const wrong = Buffer.from(packed);
      wrong[at >> 3] = (wrong[at >> 3] as number) ^ (1 << (at & 7));
      const got = await unpack(wrong).catch(() => plain);
      expect(got.equals(plain), String(at)).toBe(true);
    }
  });

  it('has any of the parts that a head may have', async () => {
    const plain = Buffer.from('in the body');
    const [head, tail] = [gzipSync(plain).subarray(0, 10), gzipSync(plain).subarray(-8)];
    for (let flags = 0; flags < 32; flags += 1) {
      const first = Buffer.from(head);
      first[3] = flags;
      const parts = [first];
      if (flags & 4) parts.push(Buffer.from([3, 0, 1, 0, 2]));
      if (flags & 8) parts.push(Buffer.from('name.dmp\0'));
      if (flags & 16) parts.push(Buffer.from('a comment\0'));
      if (flags & 2) parts.push(Buffer.from([1, 2]));
      const packed = Buffer.concat([...parts, deflateRawSync(plain), tail]);
      for (const sizes of [[], [1], [7]]) await same(packed, sizes, plain);
    }
  });

  it('that is flushed now and then is the same', async () => {
    const gzip = createGzip();
    const packed: Buffer[] = [];
    gzip.on('data', (piece: Buffer) => packed.push(piece));
    const plain = Array.from({ length: 20 }, () => randomBytes(500));
    for (const piece of plain) {
      gzip.write(piece);
      await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
    }
    await once(gzip.end(), 'end');
    await same(Buffer.concat(packed), [100], Buffer.concat(plain));
  });

  it.each([
    ['no gzip', Buffer.from('no gzip at all')],
    [
      'a head without end',
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.alloc(20_000, 65)]),
    ],
    ['a reserved flag', Buffer.from([0x1f, 0x8b, 8, 0x80, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['thousands of members', Buffer.concat(Array.from({ length: 5000 }, () => gzipSync('')))],
  ])('%s is refused', async (_, packed) => {
    await expect(unpack(packed)).rejects.toThrow('gzip: ');
    await expect(unpack(packed, [5])).rejects.toThrow('gzip: ');
  });

  it('unpacks no further than somebody reads', async () => {
    const gunzip = createGunzip({ chunkSize: 65_536 });
    gunzip.write(gzipSync(Buffer.alloc(64 * 1024 ** 2)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(gunzip.readableLength).toBeLessThan(1024 ** 2);
    gunzip.destroy();
  });
});
