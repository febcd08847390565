import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachment, dumpFileName } from '../../src/web/routes/downloads.ts';
import { type Browser, dumpOf, idOf, openSite, rawOf, type SiteFixture } from './site-fixture.ts';

describe('names of attachments', () => {
  it.each([
    ['a.dmp', `attachment; filename="a.dmp"; filename*=UTF-8''a.dmp`],
    ['ü "x"\\/y.txt', `attachment; filename="_ _x___y.txt"; filename*=UTF-8''%C3%BC%20%22x%22__y.txt`],
    ['../../etc/passwd', `attachment; filename="__.._etc_passwd"; filename*=UTF-8''__.._etc_passwd`],
    ['.bashrc', `attachment; filename="_bashrc"; filename*=UTF-8''_bashrc`],
    ['a\r\nSet-Cookie: x', `attachment; filename="a__Set-Cookie_ x"; filename*=UTF-8''a__Set-Cookie%3A%20x`],
    ['', `attachment; filename="file"; filename*=UTF-8''file`],
  ])('%j', (name, header) => expect(attachment(name)).toBe(header));

  it('are always one header line without a path (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(attachment(name)).toMatch(/^attachment; filename="[\w .@+-]+"; filename\*=UTF-8''[\w.~%-]+$/);
      }),
    );
  });

  it('of minidumps end in .dmp', () => {
    expect(dumpFileName('id', 'upload_file_minidump')).toBe('id.dmp');
    expect(dumpFileName('id', 'upload_file_minidump_browser')).toBe('id-browser.dmp');
    expect(dumpFileName('id', 'log.txt')).toBe('id-log.txt');
  });
});

describe('downloads', () => {
  let site: SiteFixture;
  let owner: Browser;
  const id = idOf(1);
  const bytes = Buffer.from([0x4d, 0x44, 0x4d, 0x50, 0, 1, 2, 255]);

  beforeAll(async () => {
    site = await openSite();
    owner = await site.owner();
    await site.save({ id, signature: 's', product: 'p' }, rawOf(id, { a: '<script>' }), [
      dumpOf('upload_file_minidump', bytes),
      dumpOf('<svg onload=x>.html', Buffer.from('<script>')),
      dumpOf('../../x', Buffer.from('climbs')),
    ]);
  });
  afterAll(() => site.close());

  it.each([
    [`/report/dump/${id}?name=upload_file_minidump`, bytes, `${id}.dmp`],
    [
      `/report/dump/${id}?name=${encodeURIComponent('<svg onload=x>.html')}`,
      Buffer.from('<script>'),
      `${id}-_svg onload_x_.html`,
    ],
    [`/report/dump/${id}?name=${encodeURIComponent('../../x')}`, Buffer.from('climbs'), `${id}-.._.._x`],
  ])('%s comes as it was sent, as an attachment that no browser opens', async (path, expected, name) => {
    const answer = await owner.get(path);
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(expected)).toBe(true);
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    expect(answer.headers['content-length']).toBe(String(expected.length));
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['content-security-policy']).toContain('sandbox');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-disposition']).toContain(`attachment; filename="${name}"`);
  });

  it('give the main dump where none is named', async () => {
    const answer = await owner.get(`/report/dump/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-disposition']).toContain(`filename="${id}.dmp"`);
  });

  it('give raw and processed crash as JSON', async () => {
    const raw = await owner.get(`/report/raw/${id}`);
    expect(JSON.parse(raw.body)).toEqual(rawOf(id, { a: '<script>' }));
    expect(raw.headers['content-type']).toBe('application/octet-stream');
    expect(JSON.parse((await owner.get(`/report/processed/${id}`)).body)).toEqual({
      id,
      signature: 's',
      product: 'p',
    });
  });

  it('of what is not there are answered 404, not as a download', async () => {
    for (const path of [`/report/dump/${id}?name=none`, `/report/raw/${idOf(9)}`]) {
      const answer = await owner.get(path);
      expect(answer.status).toBe(404);
      expect(answer.headers['content-disposition']).toBeUndefined();
      expect(answer.headers['content-type']).toContain('text/html');
    }
    expect((await owner.get('/report/raw/nonsense')).status).toBe(400);
  });
});
