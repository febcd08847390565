/** The scanner against busboy: the same parts for well-formed bodies, and never a crash or a loss for garbage. */
import busboy from 'busboy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MultipartScanner } from '../../src/collector/protocols/breakpad/multipart.ts';
import { MultipartError } from '../../src/collector/protocols/breakpad/multipart-error.ts';
import type { FormPart } from '../../src/lib/multipart-writer.ts';
import { BOUNDARY, formBytes, split } from '../build/multipart.ts';

interface Seen {
  readonly name: string | undefined;
  readonly filename: string | undefined;
  readonly type: string;
  readonly content: string;
}

function scan(chunks: Iterable<Buffer>, boundary = BOUNDARY): Seen[] {
  const seen: Seen[] = [];
  let pieces: Buffer[] = [];
  let head: Omit<Seen, 'content'> | undefined;
  const scanner = new MultipartScanner(
    boundary,
    {
      part({ name, filename, contentType }) {
        expect(head).toBeUndefined();
        head = { name, filename, type: contentType };
        pieces = [];
      },
      oversizedHeader: () => undefined,
      data(bytes) {
        expect(head).toBeDefined();
        expect(bytes.length).toBeGreaterThan(0);
        pieces.push(Buffer.from(bytes));
      },
      end() {
        if (head) seen.push({ ...head, content: Buffer.concat(pieces).toString('latin1') });
        head = undefined;
      },
    },
    { maxHeaderBytes: 16_384 },
  );
  for (const chunk of chunks) scanner.write(chunk);
  scanner.end();
  return seen;
}

function scanWithBusboy(body: Buffer): Promise<Seen[]> {
  const seen: Seen[] = [];
  const parser = busboy({
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    defParamCharset: 'utf8',
    // Fields come as text: in this charset every byte is a character.
    defCharset: 'latin1',
    preservePath: true,
  });
  return new Promise((resolve, reject) => {
    parser.on('field', (name, value, { mimeType }) => {
      seen.push({ name, filename: undefined, type: mimeType, content: value });
    });
    parser.on('file', (name, stream, { filename, mimeType }) => {
      const index = seen.push({ name, filename, type: mimeType, content: '' }) - 1;
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        seen[index] = { ...(seen[index] as Seen), content: Buffer.concat(pieces).toString('latin1') };
      });
    });
    parser.on('close', () => resolve(seen));
    parser.on('error', reject);
    parser.end(body);
  });
}

/** Bytes that look like delimiters and line ends more often than chance would have it. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '\r',
          '\n',
          '\r\n',
          '\r\n--',
          '\r\n--\r\n',
          '--',
          '-',
          `--${BOUNDARY}`,
          `\n--${BOUNDARY}`,
          `\r\n--${BOUNDARY.slice(0, -1)}`,
        )
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.concat(pieces))
  // A body must not have its own delimiter in a part, nor begin with one: RFC 2046 §5.1.1.
  .filter((bytes) => !Buffer.concat([Buffer.from('\r\n'), bytes]).includes(`\r\n--${BOUNDARY}`));

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !/[\r\n\0]/.test(text) && text.trim() === text);
const type = fc.constantFrom('application/octet-stream', 'text/plain', 'application/json');

const part: fc.Arbitrary<FormPart> = fc.oneof(
  fc.record({ name, value: content, contentType: fc.option(type, { nil: undefined }) }),
  fc.record({ name, filename: name, contentType: type, bytes: content }).map(({ bytes, ...rest }) => ({
    ...rest,
    size: bytes.length,
    chunks: () => [bytes],
  })),
);
const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 });

describe('multipart scanner', () => {
  it('finds what busboy finds, however the body is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), sizes, async (parts, cuts) => {
        const body = await formBytes(parts);
        const ours = scan(split(body, cuts));
        expect(ours).toEqual(await scanWithBusboy(body));
        expect(ours.map((p) => p.name)).toEqual(parts.map((p) => p.name));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the same for every way to cut a body in two', async () => {
    const body = await formBytes([
      { name: 'a', value: 'x\r\n--y' },
      { name: 'empty', value: '' },
      { name: 'c', filename: 'c.dmp', chunks: () => [Buffer.from('\r\n\r\n')] },
    ]);
    const whole = scan([body]);
    expect(whole.map((p) => p.content)).toEqual(['x\r\n--y', '', '\r\n\r\n']);
    for (let at = 0; at <= body.length; at += 1) {
      expect(scan([body.subarray(0, at), body.subarray(at)])).toEqual(whole);
    }
  });

  it('reads garbage to its end or refuses it, and hands out no more than it was given', () => {
    const garbage = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom(
            '--b',
            '\r\n--b',
            '\n--b',
            '--b--',
            '\r\n',
            '\r\n\r\n',
            ': ',
            '-',
            'Content-Disposition: form-data; name="a"',
          )
          .map((text) => Buffer.from(text)),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(garbage, sizes, (pieces, cuts) => {
        const body = Buffer.concat(pieces);
        const run = (chunks: Iterable<Buffer>): Seen[] | 'refused' => {
          try {
            return scan(chunks, 'b');
          } catch (error) {
            if (error instanceof MultipartError) return 'refused';
            throw error;
          }
        };
        const found = run(split(body, cuts));
        expect(found).toEqual(run([body]));
        if (found === 'refused') return;
        const total = found.reduce((sum, p) => sum + p.content.length, 0);
        expect(total).toBeLessThanOrEqual(body.length);
      }),
      { numRuns: 3000 },
    );
  });
});
