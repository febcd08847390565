/** Parts of one name, through the real endpoint and the real spool: the last whole one is kept, byte for byte. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FormPart } from '../../src/lib/multipart-writer.ts';
import { dump, field, formBytes, split } from '../build/multipart.ts';
import { type Bench, openBench, sha256 } from '../spool/harness.ts';
import { CRASH_ID, contentType, type Options, post, type Running, raw, start } from './harness.ts';

const MiB = 1024 ** 2;
const NAME = 'upload_file_minidump';

let folder: string;
let bench: Bench;
let running: Running;

const open = async (settings: Options['settings'] = {}): Promise<void> => {
  running = await start({ settings, deps: { spool: bench.spool } });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'same-names-'));
  bench = await openBench(folder);
});

afterEach(async () => {
  await running.collector.close();
  await bench.spool.close();
  await rm(folder, { recursive: true, force: true });
});

const reasons = (): string[] => running.outcomes.map((o) => `${o.outcome} ${o.reason}`);

/** What the store was handed, once it was; the spool has nothing left of it then. */
async function kept(): Promise<Readonly<Record<string, Buffer>>> {
  await bench.spool.drain();
  expect(await dumpFiles()).toEqual([]);
  expect(bench.store.kept.size).toBe(1);
  const [only] = bench.store.kept.values();
  for (const { name, sha256: told } of only?.report.dumps ?? [])
    expect(told).toBe(sha256(only?.dumps[name] as Buffer));
  return only?.dumps ?? {};
}

const notes = (): readonly string[] | undefined =>
  [...bench.store.kept.values()][0]?.report.raw.metadata.notes;

const dumpFiles = async (): Promise<string[]> =>
  (await readdir(join(folder, 'spool/boxes'), { recursive: true })).filter((path) =>
    /dumps\/\d+\/\d+$/.test(path),
  );

async function send(parts: readonly FormPart[], headers: Record<string, string> = {}): Promise<string> {
  const body = await formBytes([field('ProductName', 'Ed'), ...parts]);
  const answer = await post(running, headers['content-encoding'] ? gzipSync(body) : body, headers);
  expect(answer.status).toBe(200);
  return answer.text;
}

/** The body in pieces, each a chunk of its own for the collector. */
async function sendSplit(parts: readonly FormPart[], sizes: readonly number[]): Promise<void> {
  const body = await formBytes([field('ProductName', 'Ed'), ...parts]);
  const pieces = [...split(body, sizes)].flatMap((piece) => [
    `${piece.length.toString(16)}\r\n`,
    piece,
    '\r\n',
  ]);
  const head = `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: ${contentType}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const text = await raw(running.port, [head, ...pieces, '0\r\n\r\n'], { until: /\r\n\r\n[\s\S]/ });
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
}

describe('file parts of one name', () => {
  const sizes = [0, 1, 1000, 30_000, 70_000, 3 * MiB];

  it.each(sizes.flatMap((a) => sizes.map((b) => [a, b] as const)))('%i bytes, then %i', async (a, b) => {
    await open();
    const last = randomBytes(b);
    expect(await send([dump(NAME, randomBytes(a)), dump(NAME, last)])).toMatch(CRASH_ID);
    expect(reasons()).toEqual(['accepted accept_everything']);
    const dumps = await kept();
    expect(Object.keys(dumps)).toEqual([NAME]);
    expect(dumps[NAME]?.equals(last)).toBe(true);
  });

  it.each([
    ['one chunk', []],
    ['a chunk in the middle of each', [700]],
    ['many chunks', [97]],
  ])('three of them in %s', async (_, pieces) => {
    await open();
    const last = randomBytes(900);
    await sendSplit([dump(NAME, randomBytes(800)), dump(NAME, randomBytes(1)), dump(NAME, last)], pieces);
    expect((await kept())[NAME]?.equals(last)).toBe(true);
  });

  it('in a gzip body', async () => {
    await open();
    const last = randomBytes(500_000);
    await send([dump(NAME, randomBytes(600_000)), dump(NAME, last)], { 'content-encoding': 'gzip' });
    expect((await kept())[NAME]?.equals(last)).toBe(true);
  });

  it('a later one takes the place of one that a cap cut', async () => {
    await open({ max_dump: '1MB' });
    const last = randomBytes(1000);
    await send([dump(NAME, randomBytes(2 * MiB)), dump(NAME, last)]);
    expect(reasons()).toEqual(['truncated dump_size']);
    expect((await kept())[NAME]?.equals(last)).toBe(true);
  });

  it('an earlier one that is whole stays when a cap cuts the later one', async () => {
    await open({ max_dump: '1MB' });
    const whole = randomBytes(100_000);
    await send([dump(NAME, whole), dump(NAME, randomBytes(2 * MiB))]);
    expect(reasons()).toEqual(['truncated dump_size']);
    expect((await kept())[NAME]?.equals(whole)).toBe(true);
  });

  it('an earlier one that is whole stays when the body is cut within the later one', async () => {
    await open({ max_uncompressed: '1MB' });
    const whole = randomBytes(1000);
    await send([dump(NAME, whole), dump(NAME, randomBytes(2 * MiB))]);
    expect(reasons()).toEqual(['truncated uncompressed_size']);
    expect((await kept())[NAME]?.equals(whole)).toBe(true);
  });

  it('many of them are one dump, and leave one file at most', async () => {
    await open();
    const last = randomBytes(40_000);
    const many = Array.from({ length: 200 }, () => dump(NAME, randomBytes(40_000)));
    await send([...many, dump(NAME, last), dump('other', 'x')]);
    expect(reasons()).toEqual(['accepted accept_everything']);
    const dumps = await kept();
    expect(Object.keys(dumps).sort()).toEqual(['other', NAME]);
    expect(dumps[NAME]?.equals(last)).toBe(true);
  });

  it('a client that leaves within the second leaves nothing', async () => {
    await open();
    const body = await formBytes([
      field('ProductName', 'Ed'),
      dump(NAME, randomBytes(MiB)),
      dump(NAME, randomBytes(MiB)),
    ]);
    const head = `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
    await raw(running.port, [head, body.subarray(0, 1.9 * MiB)], { end: true });
    await expect.poll(reasons).toEqual(['rejected client_gone']);
    await expect.poll(dumpFiles).toEqual([]);
  });
});

describe('attachments whose names agree once they are cleaned and cut to 30 characters', () => {
  const long = (end: string): string => `attachment_of_the_renderer_process_${end}`;

  it('are one dump as in Socorro, the last, and a note says which was lost', async () => {
    await open();
    await send([dump(long('1.log'), 'first'), dump(long('2.log'), 'second')]);
    const dumps = await kept();
    expect(Object.keys(dumps)).toEqual(['attachment_of_the_renderer_pro']);
    expect(dumps['attachment_of_the_renderer_pro']?.toString()).toBe('second');
    expect(notes()).toEqual([
      `two parts are attachment_of_the_renderer_pro, the later counts: ${long('1.log')} ${long('2.log')}`,
    ]);
  });

  it('parts of one name need no note', async () => {
    await open();
    await send([dump(NAME, 'first'), dump(NAME, 'second')]);
    await kept();
    expect(notes()).toEqual([]);
  });
});
