import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAnswer } from '../../src/web/sample-crash.ts';
import { type SaidServer, saidServer } from '../build/said-server.ts';
import { idOf, openSite, type SiteFixture } from './site-fixture.ts';

describe('answers of the collector', () => {
  const id = idOf(1);
  it.each([
    [200, `CrashID=bp-${id}\n`, { kind: 'accepted', id }],
    [200, id, { kind: 'accepted', id }],
    [200, `{"crash_id":"${id}"}`, { kind: 'accepted', id }],
    [200, id.replaceAll('-', '').slice(0, 16), { kind: 'accepted_unnamed' }],
    [200, 'Discarded=rule_x', { kind: 'refused', status: 200, reason: 'Discarded=rule_x' }],
    [400, `Discarded=malformed ${id}`, { kind: 'refused', status: 400, reason: `Discarded=malformed ${id}` }],
    [503, '', { kind: 'refused', status: 503, reason: '' }],
  ])('%d %j', (status, text, answer) => expect(parseAnswer(status, text)).toEqual(answer));
});

describe('sample crash', () => {
  let site: SiteFixture;
  let collector: SaidServer;
  let url = '';
  let received: { type: string; body: string }[];
  let respond: { status: number; body: string };

  beforeEach(async () => {
    received = [];
    respond = { status: 200, body: `CrashID=bp-${idOf(7)}\n` };
    collector = await saidServer(({ headers, body }, response) => {
      received.push({ type: headers['content-type'] ?? '', body: body.toString('latin1') });
      response.writeHead(respond.status).end(respond.body);
    });
    url = `${collector.url}/submit`;
    site = await openSite({ collectorUrl: () => url });
    await mkdir(join(site.dataDir, 'no-sample'));
    await writeFile(
      join(site.dataDir, 'no-sample', 'sample.dmp.gz'),
      gzipSync(Buffer.from('MDMP sample bytes')),
    );
    await writeFile(
      join(site.dataDir, 'no-sample', 'annotations.json'),
      '{"ProductName":"Sample","Version":1}',
    );
  });
  afterEach(async () => {
    await site.close();
    await collector.close();
  });

  it('goes through the collector as a client would send it, and opens its report', async () => {
    const browser = site.browser();
    await browser.get('/');
    const answer = await browser.post('/sample');
    expect([answer.status, answer.headers['location']]).toEqual([303, `/report/index/${idOf(7)}`]);
    expect(received).toHaveLength(1);
    expect(received[0]?.type).toMatch(/^multipart\/form-data; boundary=/);
    expect(received[0]?.body).toMatch(/name="ProductName"\r\n\r\nSample\r\n/);
    expect(received[0]?.body).toMatch(/name="Version"\r\n\r\n1\r\n/);
    expect(received[0]?.body).toMatch(
      /name="upload_file_minidump"; filename="sample.dmp"\r\n[\s\S]*\r\n\r\nMDMP sample bytes\r\n/,
    );
  });

  it('is not sent without the form token', async () => {
    expect((await site.browser().post('/sample')).status).toBe(403);
    expect(received).toEqual([]);
  });

  it('says when the collector refuses it', async () => {
    respond = { status: 200, body: 'Discarded=<b>rule</b>' };
    const browser = site.browser();
    await browser.get('/');
    const answer = await browser.post('/sample');
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('Discarded&#61;&#60;b&#62;rule');
  });

  it('says when the collector is not there', async () => {
    url = 'http://127.0.0.1:1/submit';
    const browser = site.browser();
    await browser.get('/');
    const answer = await browser.post('/sample');
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('does not answer at http://127.0.0.1:1/submit');
  });
});
