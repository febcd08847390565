/** Any list of parts, names equal or not, through the real endpoint and the real spool: an answer, an outcome, the last of each name. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FormPart } from '../../src/lib/multipart-writer.ts';
import { dump, field, formBytes, split } from '../build/multipart.ts';
import { type Bench, openBench, sha256 } from '../spool/harness.ts';
import { contentType, type Running, raw, start } from './harness.ts';

const MAX_DUMP = 200_000;
const LIMIT_MS = 120_000;

let folder: string;
let bench: Bench;
let running: Running;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'any-parts-'));
  bench = await openBench(folder);
  running = await start({ settings: { max_dump: MAX_DUMP, max_dumps: 4 }, deps: { spool: bench.spool } });
});

afterAll(async () => {
  await running.collector.close();
  await bench.spool.close();
  await rm(folder, { recursive: true, force: true });
});

/** Few names, so that they are often equal, and those that mean something to somebody. */
const names = fc.constantFrom(
  'upload_file_minidump',
  'upload-file_minidump',
  'extra',
  'uuid',
  'ProductName',
  '',
  '.',
  '..',
  '../../x',
  '...',
  'журнал',
  '__proto__',
  'constructor',
  'raw_crash',
  'dump_names',
  'a'.repeat(29),
  'a'.repeat(30),
  `${'a'.repeat(30)}b`,
  `${'a'.repeat(30)}c`,
  'a\0b',
  'a"b\\c',
);

interface Sent {
  readonly kind: 'text' | 'dump' | 'json';
  readonly name: string;
  readonly value: Buffer;
}

/** Without an annotation nothing is kept. */
const PRODUCT: Sent = { kind: 'text', name: 'ProductName', value: Buffer.from('Ed') };

const bytes = (size: number, seed: number): Buffer => {
  const all = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) all[at] = (seed * 31 + at * 7 + (at >> 8)) & 0xff;
  return all;
};

const sizes = fc.oneof(
  fc.constantFrom(0, 1, 4095, 4096, 16_384, 65_535, MAX_DUMP - 1, MAX_DUMP, MAX_DUMP + 1, 2 * MAX_DUMP),
  fc.nat(100_000),
);

const part: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({
    kind: fc.constant('dump' as const),
    name: names,
    value: fc.tuple(sizes, fc.nat(255)).map(([size, seed]) => bytes(size, seed)),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    name: names,
    value: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
  }),
  fc.record({
    kind: fc.constant('json' as const),
    name: fc.constantFrom('extra', 'upload_file_minidump'),
    value: fc
      .dictionary(names, fc.string({ maxLength: 5 }), { maxKeys: 3 })
      .map((object) => Buffer.from(JSON.stringify(object))),
  }),
);

const toPart = ({ kind, name, value }: Sent): FormPart =>
  kind === 'dump' ? dump(name, value) : field(name, value, kind === 'json' ? 'application/json' : undefined);

interface Expected {
  readonly annotations: ReadonlyMap<string, string>;
  readonly dumps: ReadonlyMap<string, Buffer>;
  readonly refusal: string | undefined;
}

/** What socorro.md §4.3 makes of it, written down once more, the plain way. */
function expected(parts: readonly Sent[]): Expected {
  const dumps = new Map<string, Buffer>();
  const begun = new Set<string>();
  let annotations = new Map<string, string>();
  for (const { kind, name, value } of parts) {
    if (kind === 'json') annotations = new Map(entriesOf(value));
    else if (kind === 'text') annotations.set(name, value.toString());
    else {
      const clean = name.replace(/\W/g, '').slice(0, 30) || 'unnamed';
      if (clean === 'raw_crash' || clean === 'dump_names')
        return { annotations, dumps, refusal: '400 invalid_dump_name' };
      if (!begun.has(clean) && begun.size >= 4) continue;
      begun.add(clean);
      if (value.length <= MAX_DUMP) dumps.set(clean, value);
    }
    annotations.delete('__proto__');
  }
  if (annotations.size === 0) return { annotations, dumps, refusal: '400 no_annotations' };
  if (annotations.has('uuid')) return { annotations, dumps, refusal: '401 unauthorized_uuid' };
  return { annotations, dumps, refusal: undefined };
}

const entriesOf = (json: Buffer): [string, string][] =>
  Object.entries(JSON.parse(json.toString()) as Record<string, string>);

async function send(parts: readonly Sent[], cuts: readonly number[], zipped: boolean): Promise<string> {
  const plain = await formBytes(parts.map(toPart));
  const body = zipped ? gzipSync(plain) : plain;
  const coding = zipped ? 'Content-Encoding: gzip\r\n' : '';
  const head = `POST /submit HTTP/1.1\r\nHost: x\r\n${coding}Content-Type: ${contentType}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const pieces = [...split(body, cuts)].flatMap((piece) => [
    `${piece.length.toString(16)}\r\n`,
    piece,
    '\r\n',
  ]);
  return raw(running.port, [head, ...pieces, '0\r\n\r\n'], { until: /\r\n\r\n[\s\S]+/ });
}

it('never fails, has one outcome, and keeps the last of each name byte for byte', { timeout: LIMIT_MS }, () =>
  fc.assert(
    fc.asyncProperty(
      fc
        .tuple(fc.constantFrom([], [PRODUCT], [PRODUCT]), fc.array(part, { maxLength: 10 }))
        .map(([first, others]) => [...first, ...others]),
      fc.array(fc.integer({ min: 500, max: 70_000 }), { maxLength: 3 }),
      fc.boolean(),
      async (parts, cuts, zipped) => {
        running.outcomes.length = 0;
        bench.store.kept.clear();
        const answer = await send(parts, cuts, zipped);
        const { annotations, dumps, refusal } = expected(parts);
        expect(running.outcomes).toHaveLength(1);
        expect(running.reported).toEqual([]);
        await bench.spool.drain();
        if (refusal !== undefined) {
          const [status, reason] = refusal.split(' ');
          expect(answer).toMatch(
            new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*Discarded=(malformed_)?${reason}$`),
          );
          expect(bench.store.kept.size).toBe(0);
          return;
        }
        expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*CrashID=bp-/);
        const [stored] = bench.store.kept.values();
        expect(new Map(Object.entries(stored?.report.raw.annotations ?? {}))).toEqual(annotations);
        const found = stored?.report.dumps.map(({ name, size, sha256: sum }) => [name, size, sum]) ?? [];
        expect(found.toSorted()).toEqual(
          [...dumps].map(([name, value]) => [name, value.length, sha256(value)]).toSorted(),
        );
        for (const [name, value] of dumps) expect(stored?.dumps[name]?.equals(value)).toBe(true);
      },
    ),
    { numRuns: 150 },
  ),
);
