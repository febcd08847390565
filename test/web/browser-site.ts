/** The site on a port of its own, and a real browser to look at it with. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';
import { openSite, type SiteFixture } from './site-fixture.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** Why tests in a browser are skipped, as the end of their title; empty when there is one. */
export const noBrowser = CHROMIUM ? '' : ' (skipped: no Chromium in /usr/bin)';

export interface BrowserSite {
  readonly site: SiteFixture;
  readonly browser: Browser;
  /** Where the site is. */
  readonly base: string;
  close(): Promise<void>;
}

export async function openBrowserSite(): Promise<BrowserSite> {
  const site = await openSite();
  await site.app.listen({ host: '127.0.0.1', port: 0 });
  const browser = await chromium.launch({ executablePath: CHROMIUM as string, args: ['--no-sandbox'] });
  return {
    site,
    browser,
    base: `http://127.0.0.1:${(site.app.server.address() as AddressInfo).port}`,
    async close() {
      await browser.close();
      await site.close();
    },
  };
}
