import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { SettingsError } from '../../src/lib/settings.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import type { RawCrash } from '../../src/model/report.ts';
import {
  bytesOf,
  dumpOf,
  generatedDump,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import { createPoly } from '../../src/storage/containers/poly/poly.ts';
import type { CrashStorage, FullStore } from '../../src/storage/contract.ts';
import { checkAnswer } from '../../src/storage/http/answer.ts';
import { isChosen, parseDestination } from '../../src/storage/http/destination.ts';
import { HttpStorage, type HttpStorageOptions } from '../../src/storage/http/http-storage.ts';
import httpBackend from '../../src/storage/http/index.ts';
import { withOptional } from '../../src/storage/layers/optional.ts';
import { openHttp } from '../conformance/storage-harnesses/http.ts';
import { memory } from './stores.ts';

type HttpStore = CrashStorage<'report.write'>;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function collector(
  options: Readonly<Record<string, unknown>> = {},
  settings: Readonly<Record<string, unknown>> = {},
) {
  const opened = await openHttp(options, settings);
  closers.push(() => opened.dispose());
  return { store: opened.store as HttpStore, reader: opened.reader, url: opened.url };
}

interface Heard {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Answering = (heard: Heard, response: ServerResponse) => void;

const addressOf = (server: { address(): unknown }): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** A server that reads each body and answers as it is told. */
async function server(answering: Answering): Promise<{ readonly url: string; readonly heard: Heard[] }> {
  const heard: Heard[] = [];
  const listening: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = { method: request.method, headers: request.headers, body: Buffer.concat(chunks) };
      heard.push(one);
      answering(one, response);
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
  });
  return { url: `${addressOf(listening)}/submit`, heard };
}

/** Takes connections, reads a little and says nothing, ever: a network that swallows packets. */
async function blackHole(): Promise<{ readonly url: string; readonly taken: () => number }> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const listening = createTcpServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.pause();
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => listening.close(resolve));
  });
  return { url: `${addressOf(listening)}/submit`, taken: () => taken };
}

function open(urls: readonly string[], options: Partial<HttpStorageOptions> = {}): HttpStorage {
  const store = new HttpStorage('mirror', {
    destinations: urls.map((url) => parseDestination(url, 100, 'URL')),
    token: '',
    gzip: false,
    userAgent: 'auxilio-submitter',
    timeoutMs: 5000,
    connectTimeoutMs: 5000,
    ...options,
  });
  closers.push(() => store.close());
  return store;
}

const backend = (options: Readonly<Record<string, unknown>>) =>
  httpBackend.open(
    options,
    { name: 'mirror', dataDir: '/', log: silentLog, store: () => Promise.reject(new Error('none')) },
    (key) => `STORE_MIRROR_${key.toUpperCase()}`,
  );

const withoutUuid = ({ annotations: { uuid: _uuid, ...rest } }: RawCrash): Record<string, string> => rest;
const openFiles = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);

describe('http store, into a collector of ours', () => {
  it('keeps the crash id with the token, and every annotation and dump, plain and gzipped', async () => {
    for (const gzip of [false, true]) {
      const { store, reader } = await collector({ gzip });
      const raw = rawCrash({
        ProductName: 'Ünï 💥',
        Lines: 'a\r\nb\n\tc',
        Empty: '',
        Long: 'ä'.repeat(300_000),
      });
      const bytes = randomBytes(300_000);
      await store.saveReport(report(raw, dumpOf('upload_file_minidump', bytes), textDump('log', '')));
      const there = await reader.readRaw(raw.id);
      expect(withoutUuid(there)).toEqual(raw.annotations);
      expect(there.annotations['uuid']).toBe(raw.id);
      expect(there.metadata).toMatchObject({
        userAgent: 'auxilio-submitter',
        compressed: gzip,
        payload: 'multipart',
      });
      expect((await reader.listDumps(raw.id)).map(({ name, size }) => [name, size])).toEqual([
        ['log', 0],
        ['upload_file_minidump', 300_000],
      ]);
      expect((await bytesOf(await reader.readDump(raw.id, 'upload_file_minidump'))).equals(bytes)).toBe(true);
    }
  });

  it('sends as JSON what came as JSON, and what a form cannot carry', async () => {
    const { store, reader } = await collector();
    const base = rawCrash({ ProductName: 'x', Number: '0012' });
    const came = { ...base, metadata: { ...base.metadata, payload: 'json' as const } };
    const hard = rawCrash({ 'quote "\\\r\n %0D': 'v', Lone: 'a\ud83db', ü: 'x' });
    for (const raw of [came, hard]) {
      await store.saveReport(report(raw, textDump('core', 'x')));
      const there = await reader.readRaw(raw.id);
      expect(withoutUuid(there)).toEqual(raw.annotations);
      expect(there.metadata.payload).toBe('json');
    }
  });

  it('the same report twice is one crash', async () => {
    const { store, reader } = await collector();
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'x')));
    await store.saveReport(report(raw, textDump('core', 'x')));
    expect((await reader.readRaw(raw.id)).id).toBe(raw.id);
    const ids: string[] = [];
    for await (const id of reader.list('2026-11-21')) ids.push(id);
    expect(ids).toEqual([raw.id]);
  });

  it('without a token the collector makes an id of its own', async () => {
    const { store, reader } = await collector({ token: '' });
    const raw = rawCrash();
    await store.saveReport(report(raw));
    await expect(reader.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    const ids: string[] = [];
    for await (const id of reader.list('2026-11-21')) ids.push(id);
    expect(ids).toHaveLength(1);
  });

  it('a wrong token is permission_denied, also in the middle of a large dump', async () => {
    const { store } = await collector({ token: 'another' });
    const large = generatedDump('core', 64 * 1024 ** 2, function* () {
      for (let i = 0; i < 1024; i += 1) yield Buffer.alloc(65_536, i);
    });
    for (const dumps of [[], [large]]) {
      const saving = store.saveReport(report(rawCrash(), ...dumps));
      await expect(saving).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });

  it('a limit of the destination does not cost the crash id', async () => {
    const { store, reader } = await collector({}, { max_annotations: 1 });
    const raw = rawCrash();
    await store.saveReport(report(raw));
    expect((await reader.readRaw(raw.id)).metadata.outcome).toBe('truncated');
  });

  const BAD: readonly (readonly [string, () => ReturnType<typeof textDump>, string])[] = [
    [
      'shorter than its size',
      () => ({ ...textDump('bad', 'four'), size: 400, sha256: undefined }),
      'invalid',
    ],
    ['longer than its size', () => generatedDump('bad', 10, () => [Buffer.alloc(4000)]), 'invalid'],
    [
      'of other bytes than its SHA-256',
      () => ({ ...textDump('bad', 'x'), sha256: 'ab'.repeat(32) }),
      'corrupt',
    ],
    [
      'that breaks half-way',
      () =>
        generatedDump('bad', 655_360, function* () {
          yield Buffer.alloc(65_536);
          throw new Error('the source broke');
        }),
      'internal',
    ],
  ];
  it.each(BAD)(
    'a dump %s: refused, nothing at the destination, nothing left open',
    async (_title, make, code) => {
      const { store, reader } = await collector();
      const first = rawCrash();
      await store.saveReport(report(first));
      // The spool has its journal open from then on.
      await reader.readRaw(first.id);
      const before = openFiles();
      const raw = rawCrash();
      await expect(store.saveReport(report(raw, textDump('good', 'x'), make()))).rejects.toMatchObject({
        code,
      });
      await expect(reader.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      for (let i = 0; i < 200 && openFiles() > before; i += 1) await new Promise((r) => setTimeout(r, 10));
      expect(openFiles()).toBeLessThanOrEqual(before);
      await store.saveReport(report(raw, textDump('good', 'fine')));
      expect((await reader.readRaw(raw.id)).id).toBe(raw.id);
    },
  );

  it('ends when its signal aborts, while the source hangs and while bytes go out', async () => {
    for (const hang of [true, false]) {
      const { store, reader } = await collector();
      const raw = rawCrash();
      const stop = new AbortController();
      const dump = generatedDump('bad', 1000 * 65_536, async function* () {
        for (let i = 0; i < 1000; i += 1) {
          yield Buffer.alloc(65_536);
          if (i === 20) stop.abort(new Error('enough'));
          if (i === 20 && hang) await new Promise(() => undefined);
        }
      });
      await expect(store.saveReport(report(raw, dump), { signal: stop.signal })).rejects.toMatchObject({
        code: 'aborted',
      });
      await expect(reader.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    }
  });
});

describe('http store, on the wire', () => {
  it('sends Content-Length, sorted fields, its own user agent; gzipped without a length', async () => {
    const raw = rawCrash({ Zeta: '1', Alpha: '2', uuid: "the client's" });
    const kept = await server((_heard, response) => response.end(`CrashID=bp-${raw.id}\n`));
    await open([kept.url], { token: 't', userAgent: 'mine/2' }).saveReport(
      report(raw, textDump('core', 'bytes')),
    );
    const [plain] = kept.heard;
    expect(plain?.headers).toMatchObject({
      'user-agent': 'mine/2',
      authorization: 'Bearer t',
      'content-length': String(plain?.body.length),
    });
    expect(plain?.headers['transfer-encoding']).toBeUndefined();
    const names = [...(plain?.body.toString() ?? '').matchAll(/ name="([^"]*)"/g)].map((m) => m[1]);
    expect(names).toEqual(['uuid', 'Alpha', 'Zeta', 'core']);
    expect(plain?.body.toString()).not.toContain("the client's");
    await open([kept.url], { token: 't', gzip: true }).saveReport(report(raw, textDump('core', 'bytes')));
    const packed = kept.heard[1];
    expect(packed?.headers).toMatchObject({ 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' });
    expect(gunzipSync(packed?.body ?? '').toString()).toContain('bytes');
  });

  it('sends nothing of an id without a token', async () => {
    const kept = await server((_heard, response) => response.end(`CrashID=bp-${rawCrash().id}\n`));
    await open([kept.url]).saveReport(report(rawCrash({ uuid: 'mine' })));
    expect(kept.heard[0]?.headers.authorization).toBeUndefined();
    expect(kept.heard[0]?.body.toString()).not.toContain('uuid');
  });

  const STATUSES: readonly (readonly [number, string, Record<string, string>, string])[] = [
    [400, 'Discarded=malformed_no_annotations', {}, 'invalid'],
    [401, 'Discarded=unauthorized_uuid', {}, 'permission_denied'],
    [403, 'no', {}, 'permission_denied'],
    [404, 'Not Found', {}, 'invalid'],
    [408, '', {}, 'timeout'],
    [413, 'too large', {}, 'invalid'],
    [429, '', {}, 'rate_limited'],
    [500, 'oops', {}, 'unavailable'],
    [502, '<html>', {}, 'unavailable'],
    [503, '', { 'retry-after': '7' }, 'unavailable'],
    [504, '', {}, 'timeout'],
    [507, '', {}, 'full'],
    [301, '', { location: 'https://elsewhere.example.com/submit' }, 'invalid'],
    [200, '<html>login</html>', {}, 'internal'],
    [200, 'Discarded=1', {}, 'invalid'],
    [200, '{"discarded":"rule_x"}', {}, 'invalid'],
  ];
  it.each(STATUSES)('%s %s is %o: %s', async (status, text, headers, code) => {
    const { url } = await server((_heard, response) => response.writeHead(status, headers).end(text));
    await expect(open([url]).saveReport(report(rawCrash(), textDump('a', 'b')))).rejects.toMatchObject({
      code,
      store: 'mirror',
      message: expect.stringContaining('127.0.0.1'),
    });
  });

  it('knows the four forms of an answer, and another id than it asked for', () => {
    const { id } = rawCrash();
    const answer = (text: string) => ({ status: 200, text, retryAfter: undefined, location: undefined });
    for (const text of [
      `CrashID=bp-${id}\n`,
      id,
      id.replaceAll('-', '').slice(0, 16),
      `{"crash_id":"bp-${id}"}`,
    ])
      checkAnswer('mirror', 'http://x', answer(text), id);
    for (const text of [`CrashID=bp-${rawCrash().id}`, '0123456789abcdef'])
      expect(() => checkAnswer('mirror', 'http://x', answer(text), id)).toThrow(/under another id/);
  });

  it('leaves a collector alone for as long as it asks, and no longer', async () => {
    let now = Date.parse('2026-11-21T12:00:00Z');
    let status = 503;
    const { url, heard } = await server((_heard, response) =>
      response.writeHead(status, { 'retry-after': '60' }).end(`CrashID=bp-${rawCrash().id}`),
    );
    const store = open([url], { clock: { now: () => new Date(now) } });
    const save = () => store.saveReport(report(rawCrash()));
    for (let i = 0; i < 5; i += 1) await expect(save()).rejects.toMatchObject({ code: 'unavailable' });
    expect(heard).toHaveLength(1);
    now += 60_000;
    status = 200;
    await save();
    expect(heard).toHaveLength(2);
  });

  it('a refused connection, a name that nobody has and a silent server are outages', async () => {
    const gone = await blackHole();
    await closers.pop()?.();
    await expect(open([gone.url]).saveReport(report(rawCrash()))).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(open(['http://nowhere.invalid/submit']).health()).rejects.toMatchObject({
      code: 'unavailable',
    });
    const hole = await blackHole();
    const store = open([hole.url], { timeoutMs: 300 });
    const start = performance.now();
    // With a body that fits into the buffers of the system, and with one that does not.
    for (const size of [10, 32 * 1024 ** 2]) {
      const dump = generatedDump('core', size, () => [Buffer.alloc(size)]);
      await expect(store.saveReport(report(rawCrash(), dump))).rejects.toMatchObject({ code: 'timeout' });
    }
    await expect(store.health()).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('a slow source is no silence of the destination', async () => {
    const { url } = await server((_heard, response) => response.end(`CrashID=bp-${rawCrash().id}`));
    const slow = generatedDump('core', 4, async function* () {
      await new Promise((resolve) => setTimeout(resolve, 400));
      yield Buffer.from('late');
    });
    await open([url], { timeoutMs: 100 }).saveReport(report(rawCrash(), slow));
  });
});

describe('http store, to several', () => {
  it('sends each report to all of them, and reports all that failed', async () => {
    const answer: Answering = (_heard, response) => response.end(`CrashID=bp-${rawCrash().id}`);
    const [a, b, c] = await Promise.all([
      server(answer),
      server((_heard, response) => response.writeHead(500).end()),
      server(answer),
    ]);
    const saving = open([a.url, b.url, c.url]).saveReport(report(rawCrash(), textDump('core', 'x')));
    await expect(saving).rejects.toMatchObject({ code: 'unavailable' });
    expect([a, b, c].map(({ heard }) => heard.length)).toEqual([1, 1, 1]);
    for (const { heard } of [a, b, c]) expect(heard[0]?.body.toString()).toContain('core');
  });

  it('a share of the crashes, the same ones each time, and not the same for each address', () => {
    const ids = Array.from({ length: 4000 }, () => createCrashId(new Date('2026-11-21T00:00:00Z')));
    const [a, b] = ['http://a.example.com/submit|25', 'http://b.example.com/submit|25'].map((text) =>
      parseDestination(text, 100, 'URL'),
    ) as [ReturnType<typeof parseDestination>, ReturnType<typeof parseDestination>];
    const chosen = ids.filter((id) => isChosen(a, id));
    expect(chosen.length / ids.length).toBeGreaterThan(0.2);
    expect(chosen.length / ids.length).toBeLessThan(0.3);
    expect(ids.filter((id) => isChosen(a, id))).toEqual(chosen);
    expect(ids.filter((id) => isChosen(b, id))).not.toEqual(chosen);
    const all = parseDestination('http://a.example.com/', 100, 'URL');
    const none = parseDestination('http://a.example.com/|0', 100, 'URL');
    expect(ids.every((id) => isChosen(all, id)) && !ids.some((id) => isChosen(none, id))).toBe(true);
  });
});

describe('http store, under optional', () => {
  it('a dead mirror holds nothing up', async () => {
    const hole = await blackHole();
    const main = memory('main');
    const mirror = withOptional(open([hole.url], { timeoutMs: 60_000 }), { timeoutMs: 200, log: silentLog });
    const store = createPoly('both', [main, mirror]) as FullStore;
    const saved: RawCrash[] = [];
    const start = performance.now();
    for (let i = 0; i < 10; i += 1) {
      const raw = rawCrash();
      await store.saveReport(report(raw, dumpOf('core', randomBytes(400_000))));
      saved.push(raw);
    }
    expect(performance.now() - start).toBeLessThan(10 * 200 + 3000);
    expect(hole.taken()).toBeGreaterThan(0);
    for (const raw of saved) expect(await main.readRaw(raw.id)).toEqual(raw);
  });
});

describe('http store, settings', () => {
  it.each([
    [{}, /STORE_MIRROR_URL is not set/],
    [{ url: 'ftp://x' }, /STORE_MIRROR_URL: "ftp:\/\/x" is not an http or https URL/],
    [{ url: 'https://x/submit|150' }, /no percentage/],
    [{ url: 'https://x/submit|' }, /no percentage/],
    [{ url: 'https://me:secret@x/submit' }, /user and password do not belong/],
    [{ url: 'https://x/submit, https://x/submit' }, /twice/],
    [{ url: 'https://x', sample: '200' }, /STORE_MIRROR_SAMPLE/],
    [{ url: 'https://x', token: 'a\nb' }, /STORE_MIRROR_TOKEN/],
    [{ url: 'https://x', timeout: '0' }, /STORE_MIRROR_TIMEOUT/],
  ])('%o is refused', async (options, message) => {
    const opening = backend(options);
    await expect(opening).rejects.toBeInstanceOf(SettingsError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});
