/** `POST /submit`: what is kept, and what the client hears. */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { BOUNDARY, dump, field, formBytes, lines } from '../build/multipart.ts';
import { CRASH_ID, close, FORM, NOW, type Options, post, postForm, type Running, start } from './harness.ts';

let running: Running;
const open = async (options?: Options): Promise<Running> => {
  running = await start(options);
  return running;
};
afterEach(() => close(running));

describe('an accepted upload', () => {
  it('is in the spool before its id is answered', async () => {
    await open();
    const answer = await postForm(running, FORM, { 'user-agent': 'crashy/1' });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(CRASH_ID);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const { raw: kept, dumps } = running.spool.only();
    expect(`CrashID=bp-${kept.id}\n`).toBe(answer.text);
    expect(kept.annotations).toEqual({ ProductName: 'Fenix', Version: '1.0' });
    expect(dumps['upload_file_minidump']?.toString()).toBe('MDMP');
    expect(kept.receivedAt).toBe(NOW.toISOString());
    expect(kept.metadata).toEqual({
      payload: 'multipart',
      compressed: false,
      size: (await formBytes(FORM)).length,
      notes: [],
      userAgent: 'crashy/1',
      throttleRule: 'accept_everything',
      outcome: 'accepted',
    });
    expect(running.outcomes).toEqual([
      {
        at: NOW,
        outcome: 'accepted',
        reason: 'accept_everything',
        product: 'Fenix',
        version: '1.0',
        crashId: kept.id,
      },
    ]);
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['zstd', zstdCompressSync],
    ['deflate', deflateSync],
  ] as const)('may be encoded as %s', async (coding, compress) => {
    await open();
    const body = compress(await formBytes(FORM));
    const answer = await post(running, body, { 'content-encoding': coding });
    expect(answer.text).toMatch(CRASH_ID);
    const { raw: kept, dumps } = running.spool.only();
    expect(kept.metadata).toMatchObject({ compressed: true, size: body.length });
    expect(dumps['upload_file_minidump']?.toString()).toBe('MDMP');
  });

  it.each(['\r\n', '\0\0\0', 'garbage'])('may have %j after its gzip stream', async (garbage) => {
    await open();
    const body = Buffer.concat([gzipSync(await formBytes(FORM)), Buffer.from(garbage)]);
    expect((await post(running, body, { 'content-encoding': 'gzip' })).text).toMatch(CRASH_ID);
    expect(running.spool.only().dumps['upload_file_minidump']?.toString()).toBe('MDMP');
  });

  it.each([
    ['charset before the boundary', `multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`],
    ['a quoted boundary', `multipart/form-data; boundary="${BOUNDARY}"`],
    ['upper case', `Multipart/Form-Data; Boundary=${BOUNDARY}`],
    ['multipart/mixed', `multipart/mixed; boundary=${BOUNDARY}`],
  ])('may have a content type with %s', async (_title, type) => {
    await open();
    expect((await postForm(running, FORM, { 'content-type': type })).text).toMatch(CRASH_ID);
  });

  it('answers as its endpoint is set', async () => {
    await open({ settings: { paths: '/submit,/id=id,/hex=hex16,/api/json=json' } });
    expect((await postForm(running, FORM, {}, '/submit')).text).toMatch(CRASH_ID);
    expect((await postForm(running, FORM, {}, '/id')).text).toMatch(/^[a-f0-9-]{30}261121$/);
    expect((await postForm(running, FORM, {}, '/hex')).text).toMatch(/^[a-f0-9]{16}$/);
    const json = await postForm(running, FORM, {}, '/api/json');
    expect(json.headers.get('content-type')).toMatch(/^application\/json/);
    const { id, crash_id } = JSON.parse(json.text) as Record<string, string>;
    expect(crash_id).toBe(`bp-${id}`);
    expect(running.spool.has(id as never)).toBe(true);
  });

  it('loses fields that are never kept, with a note each', async () => {
    await open();
    await postForm(running, [...FORM, field('Email', 'a@b.c'), field('TelemetryClientId', 'x')]);
    const { raw: kept } = running.spool.only();
    expect(kept.annotations).toEqual({ ProductName: 'Fenix', Version: '1.0' });
    expect(kept.metadata.notes).toEqual([
      'Removed Email from raw crash.',
      'Removed TelemetryClientId from raw crash.',
    ]);
  });

  it('keeps annotations of the query string where the form has none', async () => {
    await open();
    await postForm(running, FORM, {}, '/submit?guid=abc&ProductName=Other&Version=1.0');
    const { raw: kept } = running.spool.only();
    expect(kept.annotations).toEqual({ ProductName: 'Fenix', Version: '1.0', guid: 'abc' });
    expect(kept.metadata.notes).toEqual([
      'annotation from the query string: guid',
      'form and query string differ, the form counts: ProductName',
    ]);
  });
});

describe('parts', () => {
  const kept = async (...parts: Parameters<typeof postForm>[1]) => {
    await open();
    expect((await postForm(running, parts)).text).toMatch(CRASH_ID);
    return running.spool.only();
  };

  it('a JSON part replaces the annotations before it; later ones are added', async () => {
    const { raw: crash } = await kept(
      field('early', '1'),
      field('extra', '{"b":"2","n":5,"null":null,"o":{"x":[1]},"t":true}', 'application/json'),
      field('b', '3'),
      field('late', '4'),
    );
    expect(crash.annotations).toEqual({ b: '3', n: '5', null: 'null', o: '{"x":[1]}', t: 'true', late: '4' });
    expect(crash.metadata.payload).toBe('json');
    expect(crash.metadata.notes).toEqual([
      'includes annotations in both json-encoded extra and formdata parts',
    ]);
  });

  it('a JSON part alone has no note', async () => {
    const { raw: crash } = await kept(field('extra', '{"a":"1"}', 'application/json; charset=utf-8'));
    expect(crash.annotations).toEqual({ a: '1' });
    expect(crash.metadata).toMatchObject({ payload: 'json', notes: [] });
  });

  it('text has the charset it says; other text is dropped with a note', async () => {
    const { raw: crash } = await kept(
      field('a', Buffer.from('\xfc', 'latin1'), 'text/plain; charset=iso-8859-1'),
      field('b', 'ü', 'text/plain; charset=UTF-8'),
      field('c', Buffer.from('\xff', 'latin1')),
      field('d', 'x', 'text/plain; charset=none such'),
    );
    expect(crash.annotations).toEqual({ a: 'ü', b: 'ü' });
    expect(crash.metadata.notes).toEqual([
      'extract payload text part exception: invalid text or charset: utf-8',
      'extract payload text part exception: invalid text or charset: none?such',
    ]);
  });

  it('everything else is a dump, its name cleaned, and a type that is no octet-stream noted', async () => {
    const { raw: crash, dumps } = await kept(
      field('a', '1'),
      dump('../../etc/passwd\0', 'x'),
      dump('a'.repeat(50), 'y'),
      dump('memory_report', 'z', 'application/gzip'),
      field('html', '<p>', 'text/html'),
      dump('log', 'text', 'text/plain'),
      dump('///', '?'),
      dump('two', 'first'),
      dump('two', 'second'),
    );
    expect(
      Object.fromEntries(Object.entries(dumps).map(([name, bytes]) => [name, bytes.toString()])),
    ).toEqual({
      etcpasswd: 'x',
      ['a'.repeat(30)]: 'y',
      memory_report: 'z',
      html: '<p>',
      log: 'text',
      unnamed: '?',
      two: 'second',
    });
    expect(crash.metadata.notes).toEqual([
      'unknown content type: memory_report application/gzip',
      'unknown content type: html text/html',
      'unknown content type: log text/plain',
    ]);
  });

  it('names that mean something to objects are only names, and __proto__ is dropped', async () => {
    const { raw: crash } = await kept(
      field('constructor', 'c'),
      field('toString', 't'),
      field('__proto__', 'p'),
      field('extra', '{"__proto__":{"polluted":1},"hasOwnProperty":"h"}', 'application/json'),
      field('__proto__', 'p'),
      field('constructor', 'c'),
    );
    expect(Object.keys(crash.annotations).sort()).toEqual(['constructor', 'hasOwnProperty']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(crash.metadata.notes.filter((note) => note.includes('unusable name'))).toHaveLength(3);
  });

  it('a part without a name is ignored', async () => {
    await open();
    const body = lines(
      `--${BOUNDARY}`,
      'Content-Disposition: form-data',
      '',
      'x',
      `--${BOUNDARY}`,
      'Content-Disposition: form-data; name=a',
      '',
      '1',
      `--${BOUNDARY}--`,
    );
    expect((await post(running, body)).text).toMatch(CRASH_ID);
    expect(running.spool.only().raw.annotations).toEqual({ a: '1' });
  });
});
