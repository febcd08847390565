import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AllowedHosts } from '../../src/web/guard/hosts.ts';
import { HOST, idOf, openSite, type SiteFixture } from './site-fixture.ts';

describe('Host header', () => {
  const hosts = new AllowedHosts(['localhost', '127.0.0.1', '[::1]', '::2', 'Crashes.Example.org:8443']);

  it.each([
    'localhost',
    'localhost:8000',
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1:8000',
    '[::1]',
    '[::1]:8000',
    '[::2]:80',
    'crashes.example.org:8443',
  ])('takes %s', (host) => expect(hosts.has(host)).toBe(true));

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    'evil.example:localhost',
    'localhost@evil.example',
    '127.0.0.1.evil.example:8000',
    '[::1].evil.example',
    '[::3]',
    '::1',
    'crashes.example.org',
    'crashes.example.org:8000',
    '127.0.0.2',
  ])('refuses %s', (host) => expect(hosts.has(host)).toBe(false));
});

describe('requests', () => {
  let site: SiteFixture;
  beforeAll(async () => {
    site = await openSite(
      { removeEverywhere: async () => 'removed' },
      { base_url: 'https://crashes.example.org' },
    );
  });
  afterAll(() => site.close());

  it.each([
    '/',
    '/guide',
    `/report/index/${idOf(1)}`,
    '/metrics',
    '/__heartbeat__',
    '/static/none',
    '/nowhere',
  ])('under another name are answered 421: %s', async (path) => {
    expect((await site.browser().get(path, { host: 'evil.example' })).status).toBe(421);
  });

  it('of a load balancer may come under any name', async () => {
    expect((await site.browser().get('/__lbheartbeat__', { host: '10.0.0.7' })).status).toBe(200);
  });

  it('come under the host of base_url too', async () => {
    expect((await site.browser().get('/guide', { host: 'crashes.example.org' })).status).toBe(200);
  });

  it('carry the security headers, error pages included', async () => {
    for (const path of ['/', '/nowhere', '/report/index/x', '/favicon.ico']) {
      const { headers } = await site.browser().get(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).not.toMatch(/unsafe|script-src|\*/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('same-origin');
    }
    expect((await site.browser().get('/')).headers['cache-control']).toBe('no-store');
  });
});

describe('forms', () => {
  let site: SiteFixture;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  const path = `/report/reprocess/${idOf(1)}`;

  it('work with token and origin', async () => {
    const owner = await site.owner();
    await owner.get('/');
    expect((await owner.post(path)).status).toBe(303);
    expect(site.queue.published.at(-1)).toEqual({ task: { crashId: idOf(1) }, lane: 'priority' });
  });

  it.each([
    ['no token', { form_token: '' }, {}],
    ['a wrong token', { form_token: 'x'.repeat(43) }, {}],
    ['the origin of another site', {}, { origin: 'https://evil.example' }],
    ['another port of the same host', {}, { origin: 'http://127.0.0.1:9999' }],
    ['an opaque origin', {}, { origin: 'null' }],
    ['another site by Sec-Fetch-Site', {}, { 'sec-fetch-site': 'cross-site' }],
    ['a sibling by Sec-Fetch-Site', {}, { 'sec-fetch-site': 'same-site' }],
  ])(
    'are refused with %s',
    async (_what, fields: Record<string, string>, headers: Record<string, string>) => {
      const owner = await site.owner();
      await owner.get('/');
      const before = site.queue.published.length;
      expect((await owner.post(path, fields, headers)).status).toBe(403);
      expect(site.queue.published.length).toBe(before);
    },
  );

  it("are refused with somebody else's token", async () => {
    const [owner, other] = [await site.owner(), await site.owner()];
    const token = /name="form_token" value="([^"]*)"/.exec((await other.get('/')).body)?.[1] ?? '';
    expect(token).not.toBe('');
    await owner.get('/');
    expect((await owner.post(path, { form_token: token })).status).toBe(403);
  });

  it('are refused without the visit cookie', async () => {
    const owner = await site.owner();
    await owner.get('/');
    for (const name of owner.cookies.keys()) if (name.includes('visit')) owner.cookies.delete(name);
    expect((await owner.post(path)).status).toBe(403);
  });

  it('are refused in any other encoding', async () => {
    const owner = await site.owner();
    const answer = await owner.send(
      'POST',
      path,
      { 'content-type': 'application/json', origin: `http://${HOST}` },
      '{}',
    );
    expect(answer.status).toBe(415);
    expect(
      (
        await owner.send(
          'POST',
          path,
          { 'content-type': 'text/plain', origin: `http://${HOST}` },
          'form_token=x',
        )
      ).status,
    ).toBe(415);
    expect((await owner.send('POST', path, { origin: `http://${HOST}` })).status).toBe(403);
  });

  it('of other sites do not void those that are open here', async () => {
    const owner = await site.owner();
    await owner.get('/');
    const attacked = site.browser();
    const answer = await attacked.post(path, {}, { origin: 'https://evil.example' });
    expect(answer.status).toBe(403);
    expect(attacked.setCookies).toEqual([]);
    expect((await owner.post(path)).status).toBe(303);
  });

  it('are limited in size', async () => {
    const owner = await site.owner();
    await owner.get('/');
    expect((await owner.post(path, { x: 'x'.repeat(70_000) })).status).toBe(413);
  });
});

describe('methods', () => {
  let site: SiteFixture;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  it.each([
    ['DELETE', '/', 'GET, HEAD'],
    ['POST', `/report/index/${idOf(1)}`, 'GET, HEAD'],
    ['GET', '/logout', 'POST'],
    ['GET', '/sample', 'POST'],
    ['GET', `/report/reprocess/${idOf(1)}`, 'POST'],
    ['PUT', '/metrics', 'GET, HEAD'],
  ])('%s %s is answered 405 with what is allowed', async (method, path, allow) => {
    const answer = await site.browser().send(method, path, { origin: `http://${HOST}` });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe(allow);
    expect(answer.body).toContain('<h1>Not this way</h1>');
  });

  it('HEAD answers as GET does, without a body', async () => {
    const answer = await site.browser().send('HEAD', '/guide', {});
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('');
  });
});
