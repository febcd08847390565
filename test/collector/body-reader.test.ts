/** Nothing is answered before the consumer has dealt with the last chunk, and one chunk at a time is handed out. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BodyConsumer, type BodyResult, readBody } from '../../src/collector/body-reader.ts';
import { contentCoding } from '../../src/collector/content-coding.ts';

const LIMITS = {
  maxCompressed: 1e9,
  maxUncompressed: 1e9,
  maxRatio: 1e6,
  maxDrain: 1e9,
  bodyTimeoutMs: 20_000,
  idleTimeoutMs: 20_000,
};
const ENCODERS = {
  '': (b: Buffer) => b,
  gzip: gzipSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
} as const;

let handle: (request: IncomingMessage) => Promise<void>;
const server = createServer((incoming, response) => {
  handle(incoming).then(
    () => response.end('ok'),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function send(pieces: readonly Buffer[], coding: string, consume: BodyConsumer): Promise<BodyResult> {
  const result = Promise.withResolvers<BodyResult>();
  handle = async (incoming) => {
    const reading = readBody(incoming, contentCoding(coding), consume, LIMITS);
    reading.then(result.resolve, result.reject);
    await reading;
  };
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ port, host: '127.0.0.1', method: 'POST' });
  for (const piece of pieces) outgoing.write(piece);
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return result.promise;
}

describe('readBody', () => {
  it('hands out every byte in order, one chunk at a time, and resolves after the last', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 6 });
    const codings = fc.constantFrom(...(Object.keys(ENCODERS) as (keyof typeof ENCODERS)[]));
    await fc.assert(
      fc.asyncProperty(sizes, codings, fc.integer({ min: 0, max: 3 }), async (lengths, coding, turns) => {
        const body = Buffer.concat(lengths.map((length, i) => Buffer.alloc(length, i + 1)));
        const wire = ENCODERS[coding](body);
        const half = wire.length >> 1;
        const seen: Buffer[] = [];
        let busy = 0;
        const result = await send([wire.subarray(0, half), wire.subarray(half)], coding, async (chunk) => {
          busy += 1;
          expect(busy).toBe(1);
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          seen.push(Buffer.from(chunk));
          busy -= 1;
        });
        expect(result).toEqual({ received: wire.length, uncompressed: body.length, drained: true });
        expect(Buffer.concat(seen).equals(body)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('reports what the consumer threw or rejected with, and reads the rest', async () => {
    const body = Buffer.alloc(1_000_000);
    const error = new Error('mine');
    const thrown = await send([body], '', () => {
      throw error;
    });
    expect(thrown).toMatchObject({ error, drained: true, received: body.length });
    const rejected = await send([gzipSync(body)], 'gzip', () => Promise.reject(error));
    expect(rejected).toMatchObject({ error, drained: true });
  });
});
