import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOneTimeLink } from '../../src/web/access/one-time-link.ts';
import { TABS } from '../../src/web/pages/report-model.ts';
import { saidServer } from '../build/said-server.ts';
import { type BrowserSite, noBrowser, openBrowserSite } from './browser-site.ts';
import { crashFullOf, rawFullOf } from './hostile-crash.ts';
import { idOf, NOTHING_FOUND, rawOf, type SiteFixture } from './site-fixture.ts';

describe.skipIf(noBrowser)(`in a browser${noBrowser}`, () => {
  let opened: BrowserSite;
  let site: SiteFixture;
  let browser: Browser;
  let base = '';

  beforeAll(async () => {
    opened = await openBrowserSite();
    ({ site, browser, base } = opened);
    site.search.answer = () => NOTHING_FOUND;
  });
  afterAll(() => opened.close());

  /** With scripts off, as everything must work; on, to see that none of the data runs. */
  const open = (scripts = false): Promise<BrowserContext> =>
    browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 740 } });

  it('the link, its button, a form and logging out work without scripts', async () => {
    const context = await open();
    const page = await context.newPage();
    const link = await createOneTimeLink(site.dataDir, base, site.deps.clock);
    await page.goto(link);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.waitForURL(`${base}/`);
    expect(await page.getByText('protected data shown').count()).toBe(1);
    const session = (await context.cookies()).find((cookie) => cookie.name.includes('session'));
    expect([session?.httpOnly, session?.sameSite]).toEqual([true, 'Strict']);
    await site.save({ id: idOf(1), signature: 'foo' });
    await page.goto(`${base}/report/index/${idOf(1)}`);
    await page.getByRole('button', { name: 'Process again' }).click();
    await page.waitForURL(/queued=1/);
    expect(site.queue.published).toHaveLength(1);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL(`${base}/`);
    expect(await page.getByText('public view').count()).toBe(1);
    await context.close();
  });

  it('a form of another site changes nothing', async () => {
    const context = await open(true);
    const page = await context.newPage();
    await page.goto(await createOneTimeLink(site.dataDir, base, site.deps.clock));
    await page.getByRole('button', { name: 'Open' }).click();
    await page.waitForURL(`${base}/`);
    const before = site.queue.published.length;
    const form = `<form method="post" action="${base}/report/reprocess/${idOf(1)}"><button>go</button></form>`;
    await using evil = await saidServer((_heard, response) => {
      response.setHeader('content-type', 'text/html').end(form);
    });
    await page.goto(evil.url.replace('127.0.0.1', 'localhost'));
    const answer = page.waitForResponse((response) => response.url().includes('/report/reprocess/'));
    await page.getByRole('button').click();
    expect((await answer).status()).toBe(403);
    expect(site.queue.published.length).toBe(before);
    await context.close();
  });

  it('a pending page becomes the report by itself', async () => {
    const id = idOf(2);
    await site.store.saveReport({ raw: rawOf(id), dumps: [] });
    const context = await open();
    const page = await context.newPage();
    await page.goto(`${base}/report/index/${id}`);
    expect(await page.getByRole('heading', { name: 'Being processed' }).count()).toBe(1);
    await site.store.saveProcessed(rawOf(id), { id, signature: 'arrived | here' });
    await page.getByRole('heading', { name: 'arrived | here' }).waitFor();
    await context.close();
  });

  it('nothing of a hostile crash runs, loads or breaks the policy, and no page is wider than a phone', async () => {
    const id = idOf(3);
    const text = `"><script>window.hit = 1</script><img src=x onerror="window.hit=1"><svg/onload=window.hit=1>${'long'.repeat(60)}`;
    await site.save(crashFullOf(id, text), rawFullOf(id, text));
    const context = await open(true);
    const page = await context.newPage();
    const heard: string[] = [];
    const foreign: string[] = [];
    page.on('console', (message) => heard.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(base)) foreign.push(request.url());
    });
    for (const tab of Object.keys(TABS)) {
      await page.goto(`${base}/report/index/${id}?tab=${tab}`);
      expect(await page.evaluate('window.hit'), tab).toBeUndefined();
      expect(await page.evaluate('document.documentElement.scrollWidth'), tab).toBeLessThanOrEqual(360);
    }
    expect(heard).toEqual([]);
    expect(foreign).toEqual([]);
    await context.close();
  });
});
