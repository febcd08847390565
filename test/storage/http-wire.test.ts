/** What the http store sends, and what it makes of each answer and of none. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { generatedDump, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { checkAnswer } from '../../src/storage/http/answer.ts';
import { unusedPort } from '../build/listening.ts';
import { blackHole, destination, openMirror } from './http-destinations.ts';

describe('http store, on the wire', () => {
  it('sends Content-Length, sorted fields, its own user agent; gzipped without a length', async () => {
    const raw = rawCrash({ Zeta: '1', Alpha: '2', uuid: "the client's" });
    const kept = await destination((_heard, response) => response.end(`CrashID=bp-${raw.id}\n`));
    await openMirror([kept.url], { token: 't', userAgent: 'mine/2' }).saveReport(
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
    await openMirror([kept.url], { token: 't', gzip: true }).saveReport(
      report(raw, textDump('core', 'bytes')),
    );
    const packed = kept.heard[1];
    expect(packed?.headers).toMatchObject({ 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' });
    expect(gunzipSync(packed?.body ?? '').toString()).toContain('bytes');
  });

  it('sends nothing of an id without a token', async () => {
    const kept = await destination((_heard, response) => response.end(`CrashID=bp-${rawCrash().id}\n`));
    await openMirror([kept.url]).saveReport(report(rawCrash({ uuid: 'mine' })));
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
    const { url } = await destination((_heard, response) => response.writeHead(status, headers).end(text));
    await expect(openMirror([url]).saveReport(report(rawCrash(), textDump('a', 'b')))).rejects.toMatchObject({
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
    const { url, heard } = await destination((_heard, response) =>
      response.writeHead(status, { 'retry-after': '60' }).end(`CrashID=bp-${rawCrash().id}`),
    );
    const store = openMirror([url], { clock: { now: () => new Date(now) } });
    const save = () => store.saveReport(report(rawCrash()));
    for (let i = 0; i < 5; i += 1) await expect(save()).rejects.toMatchObject({ code: 'unavailable' });
    expect(heard).toHaveLength(1);
    now += 60_000;
    status = 200;
    await save();
    expect(heard).toHaveLength(2);
  });

  it('a refused connection, a name that nobody has and a silent server are outages', async () => {
    const gone = `http://127.0.0.1:${await unusedPort()}/submit`;
    await expect(openMirror([gone]).saveReport(report(rawCrash()))).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(openMirror(['http://nowhere.invalid/submit']).health()).rejects.toMatchObject({
      code: 'unavailable',
    });
    const hole = await blackHole();
    const store = openMirror([hole.url], { timeoutMs: 300 });
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
    const { url } = await destination((_heard, response) => response.end(`CrashID=bp-${rawCrash().id}`));
    const slow = generatedDump('core', 4, async function* () {
      await new Promise((resolve) => setTimeout(resolve, 400));
      yield Buffer.from('late');
    });
    await openMirror([url], { timeoutMs: 100 }).saveReport(report(rawCrash(), slow));
  });
});
