import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consumeLink, createOneTimeLink, linksFolder } from '../../src/web/access/one-time-link.ts';
import { loadSigningSecret } from '../../src/web/access/secret.ts';
import { HOST, openSite, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site.close());

const newLink = async (): Promise<string> =>
  new URL(await createOneTimeLink(site.dataDir, `http://${HOST}/`, site.deps.clock)).pathname;

describe('one-time link', () => {
  it('opens protected data once', async () => {
    const path = await newLink();
    const [first, second] = [site.browser(), site.browser()];
    await first.get(path);
    await second.get(path);
    expect((await first.post(path)).status).toBe(303);
    expect((await first.get('/')).body).toContain('protected data shown');
    expect((await second.post(path)).status).toBe(403);
    expect((await second.get(path)).status).toBe(403);
    expect((await second.get('/')).body).toContain('public view');
  });

  it('opens for one of many at the same moment', async () => {
    const token = (await newLink()).slice('/open/'.length);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => consumeLink(site.dataDir, token, site.deps.clock)),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('is not used up by a look at it, nor by a form of another site', async () => {
    const path = await newLink();
    const browser = site.browser();
    for (const method of ['GET', 'HEAD', 'GET'])
      expect((await browser.send(method, path, {})).status).toBe(200);
    await browser.get(path);
    expect((await browser.post(path, {}, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await browser.post(path)).status).toBe(303);
  });

  it('ends after a quarter of an hour', async () => {
    const [early, late] = [await newLink(), await newLink()];
    const browser = site.browser();
    await browser.get('/guide');
    site.pass(15 * 60_000 - 1);
    expect((await browser.get(early)).status).toBe(200);
    expect((await browser.post(early)).status).toBe(303);
    site.pass(1);
    expect((await browser.get(late)).status).toBe(403);
    expect((await browser.post(late)).status).toBe(403);
  });

  it('is kept as a hash that only its owner can read, and goes when it has ended', async () => {
    const path = await newLink();
    const [name = ''] = await readdir(linksFolder(site.dataDir));
    expect(path).not.toContain(name);
    const file = join(linksFolder(site.dataDir), name);
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(await readFile(file, 'utf8')).toBe('2026-11-21T12:15:00.000Z');
    site.pass(16 * 60_000);
    await newLink();
    expect(await readdir(linksFolder(site.dataDir))).not.toContain(name);
  });

  it.each(['x', 'A'.repeat(43), '..%2f..%2fsecret', '%00', `${'A'.repeat(42)}/`, 'a'.repeat(600)])(
    'cannot be guessed or led astray: %s',
    async (token) => {
      const browser = site.browser();
      await browser.get('/guide');
      for (const answer of [await browser.get(`/open/${token}`), await browser.post(`/open/${token}`)])
        expect([400, 403, 404]).toContain(answer.status);
    },
  );
});

describe('cookies', () => {
  it('cannot be read by scripts, go to no other site, and end', async () => {
    const owner = await site.owner();
    const session = owner.setCookies.find((line) => line.includes('session'));
    expect(session).toMatch(
      /^auxilio_session_8000=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const visit = owner.setCookies.find((line) => line.includes('visit'));
    expect(visit).toMatch(/^auxilio_visit_8000=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('are Secure and bound to the host behind https', async () => {
    const secure = await openSite({}, { base_url: 'https://crashes.example.org' });
    try {
      const owner = await secure.owner();
      const session = owner.setCookies.find((line) => line.includes('session'));
      expect(session).toMatch(/^__Host-auxilio_session_8000=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    } finally {
      await secure.close();
    }
  });

  it('are worth nothing when changed, old, or signed with another secret', async () => {
    const owner = await site.owner();
    const name = 'auxilio_session_8000';
    const good = owner.cookies.get(name) ?? '';
    const [id = '', end = '', signature = ''] = good.split('.');
    const isKnown = async (value: string): Promise<boolean> => {
      const browser = site.browser();
      browser.cookies.set(name, value);
      return (await browser.get('/')).body.includes('protected data shown');
    };
    expect(await isKnown(good)).toBe(true);
    for (const bad of [
      '',
      id,
      `${id}.${Number(end) + 1}.${signature}`,
      `${'A'.repeat(22)}.${end}.${signature}`,
      `${id}.${end}.${'A'.repeat(43)}`,
      `${good}.x`,
    ])
      expect(await isKnown(bad), bad).toBe(false);
    site.pass(12 * 3_600_000);
    expect(await isKnown(good)).toBe(false);
  });
});

describe('signing secret', () => {
  it('is made once, the same for all who start together, and private', async () => {
    const secrets = await Promise.all(Array.from({ length: 10 }, () => loadSigningSecret(site.dataDir)));
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(await loadSigningSecret(site.dataDir)).toBe(secrets[0]);
    expect((await stat(join(site.dataDir, 'web', 'secret'))).mode & 0o777).toBe(0o600);
    expect((await readdir(join(site.dataDir, 'web'))).filter((name) => name.startsWith('secret.'))).toEqual(
      [],
    );
  });

  it('is refused when its file was emptied', async () => {
    await loadSigningSecret(site.dataDir);
    await writeFile(join(site.dataDir, 'web', 'secret'), '');
    await expect(loadSigningSecret(site.dataDir)).rejects.toThrow(/holds no secret/);
  });
});
