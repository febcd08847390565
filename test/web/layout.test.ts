/** How pages lie on a screen and on a phone, in a real browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOneTimeLink } from '../../src/web/access/one-time-link.ts';
import { TABS } from '../../src/web/pages/report-model.ts';
import { type BrowserSite, noBrowser, openBrowserSite } from './browser-site.ts';
import { crash, ID } from './report-fixture.ts';
import { dumpOf, rawOf, type SiteFixture } from './site-fixture.ts';

const [PRODUCT, VERSION] = ['W'.repeat(300), '9'.repeat(300)];

/** Names of tables and boxes that are wider inside than outside. */
const CUT = `[...document.querySelectorAll('.scroll, main, .facet')]
  .filter((box) => box.scrollWidth > box.clientWidth + 1)
  .map((box) => (box.querySelector('table') ?? box).className)`;

const heightOf = (selector: string): string =>
  `document.querySelector('${selector}').getBoundingClientRect().height`;

describe.skipIf(noBrowser)(`layout${noBrowser}`, () => {
  let opened: BrowserSite;
  let site: SiteFixture;
  let browser: Browser;
  let base = '';

  beforeAll(async () => {
    opened = await openBrowserSite();
    ({ site, browser, base } = opened);
    const term = (text: string) => [{ term: text, count: 1 }];
    site.search.answer = () => ({
      total: { count: 1, exact: true },
      hits: [
        { uuid: ID, date: '2026-11-21T11:58:00.000Z', signature: 'foo', product: PRODUCT, version: VERSION },
      ],
      facets: { signature: term('foo'), product: term(PRODUCT), version: term(VERSION) },
      warnings: [],
    });
    const frame = {
      frame: 0,
      module: 'libapplication.so.6',
      function: 'namespace::Type<argument>::method(std::string const&)',
      file: 'src/some/where/deep/below/file.cpp',
      line: 4711,
      trust: 'cfi' as const,
    };
    const id = 'F1D511B164A13D670CE403C1A19A2E4E0';
    const by = { list: 'irrelevant_signature_re.txt', line: 3 };
    await site.save(
      crash({
        product: PRODUCT,
        version: VERSION,
        reason: 'SIGSEGV / SEGV_MAPERR',
        address: '0x0000000000000000',
        os_pretty_version: 'Linux 6.1.0-31-amd64 Debian',
        cpu_arch: 'amd64',
        process_type: 'parent',
        client_crash_date: '2026-11-21T11:58:00.000Z',
        date_processed: '2026-11-21T11:59:00.000Z',
        json_dump: {
          status: 'OK',
          crash_info: { crashing_thread: 0 },
          threads: [{ frames: [frame] }],
          modules: [
            {
              filename: 'libapplication.so.6',
              debug_id: id,
              code_id: id,
              base_addr: '0x7f00',
              loaded_symbols: true,
            },
          ],
        },
        signature_trace: {
          tool: 'c',
          generator: '1',
          lists: 'a'.repeat(64),
          frames: [{ frame: frame.function, index: 0, verdict: 'irrelevant', by }],
          steps: [{ rule: 'StackwalkerErrorSignatureRule', from: 'x'.repeat(90), to: 'y'.repeat(90) }],
        },
      }),
      rawOf(ID, { CrashTime: '1795262280' }),
      [dumpOf('upload_file_minidump', Buffer.from('MDMP'))],
    );
  });
  afterAll(() => opened.close());

  const open = async (width: number): Promise<Page> => {
    const context = await browser.newContext({ javaScriptEnabled: true, viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(await createOneTimeLink(site.dataDir, base, site.deps.clock));
    await page.getByRole('button', { name: 'Open' }).click();
    await page.waitForURL(`${base}/`);
    return page;
  };

  it.each([380, 1280])('one upload with long words spoils no page %i px wide', async (width) => {
    const page = await open(width);
    expect(await page.evaluate(CUT)).toEqual([]);
    expect(await page.evaluate(heightOf('.crashes [data-label=product]'))).toBeLessThan(45);
    for (const facet of await page.locator('.facet').all())
      expect((await facet.boundingBox())?.height).toBeLessThan(110);
    expect(await page.locator('.crashes [data-label=product] .clamp').getAttribute('title')).toBe(
      `${PRODUCT} ${VERSION}`,
    );
    await page.goto(`${base}/report/index/${ID}`);
    expect(await page.evaluate(heightOf('.head-facts dd'))).toBeLessThan(45);
    await page.context().close();
  });

  it('every column of every tab is on a phone', async () => {
    const page = await open(380);
    for (const tab of Object.keys(TABS)) {
      await page.goto(`${base}/report/index/${ID}?tab=${tab}`);
      expect(await page.evaluate(CUT), tab).toEqual([]);
    }
    for (const [tab, text] of [
      ['threads', 'src/some/where/deep/below/file.cpp:4711'],
      ['threads', 'cfi'],
      ['modules', 'loaded'],
      ['signature', 'irrelevant_signature_re.txt:3'],
      ['signature', 'y'.repeat(90)],
    ] as const) {
      await page.goto(`${base}/report/index/${ID}?tab=${tab}`);
      const box = await page.getByText(text, { exact: true }).first().boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= 380, `${tab}: ${text}`).toBe(true);
    }
    await page.context().close();
  });

  it('the rows of the facts of a report keep their distance', async () => {
    const page = await open(1280);
    await page.goto(`${base}/report/index/${ID}`);
    const gaps = await page.evaluate<number[]>(`(() => {
      const boxes = [...document.querySelectorAll('.head-facts > div')].map((one) => one.getBoundingClientRect());
      const rows = [...new Set(boxes.map((box) => box.top))].sort((a, b) => a - b);
      return rows.slice(1).map((top) => top - Math.max(...boxes.filter((b) => b.top < top).map((b) => b.bottom)));
    })()`);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(8);
    expect(await page.evaluate(heightOf('.head-facts .id'))).toBeLessThan(24);
    await page.context().close();
  });
});
