/** What a crash came without, and what the page says instead of a value that was made up. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { crash, ID } from './report-fixture.ts';
import { type Browser, dumpOf, openSite, rawOf, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site.close());

const page = async (tab = 'details', browser: Browser = site.browser()): Promise<string> =>
  (await browser.get(`/report/index/${ID}?tab=${tab}`)).body;

describe('times', () => {
  const MADE_UP = { client_crash_date: '2026-11-21T11:59:00.000Z', uptime: 0, install_age: 0 };

  it('that nobody sent are no facts', async () => {
    await site.save(crash(MADE_UP));
    const body = await page();
    expect(body.match(/>not sent</g)).toHaveLength(4);
    expect(body).toContain('CrashTime is missing; a search takes uptime for 0');
    expect(body).not.toMatch(/<td>0 s|<dt>Crashed<\/dt><dd><time/);
  });

  it('are made up where one part of them is missing', async () => {
    await site.save(crash(MADE_UP), rawOf(ID, { timestamp: '1795262340', InstallTime: '1795262340' }));
    const body = await page();
    expect(body.match(/>not sent</g)).toHaveLength(1);
    expect(body).toContain('StartupTime is missing');
    expect(body).toContain('<dt>Crashed</dt><dd><time');
  });

  it('that cannot be read are no facts either', async () => {
    const sent = { CrashTime: 'yesterday', StartupTime: '1795262330', InstallTime: '1795262300' };
    await site.save(crash({ ...MADE_UP, client_crash_date: '1970-01-01T00:00:00.000Z' }), rawOf(ID, sent));
    const body = await page();
    expect(body.match(/>not a time</g)).toHaveLength(4);
    expect(body).not.toContain('>1970-01-01');
  });

  it('are told by the processed crash where the raw one is gone', async () => {
    const notes = 'dates-and-times: WARNING: raw_crash missing CrashTime';
    await site.store.saveProcessed(rawOf(ID), crash({ ...MADE_UP, processor_notes: notes }));
    expect(await page()).toContain('<dt>Crashed</dt><dd><span class="none">not sent');
  });

  it('that were sent stand as they are', async () => {
    const sent = { CrashTime: '1795262340', StartupTime: '1795262330', InstallTime: '1795262300' };
    await site.save(crash({ ...MADE_UP, uptime: 10, install_age: 40 }), rawOf(ID, sent));
    const body = await page();
    expect(body).not.toContain('not sent');
    expect(body).toContain('<td>10 s</td>');
  });
});

describe('a crash without a stack', () => {
  const BARE: ProcessedCrash = {
    id: ID,
    signature: 'EMPTY',
    signature_trace: { tool: 'c', generator: '1', lists: 'a'.repeat(64), frames: [], steps: [] },
  };
  const withNotes = (...notes: readonly string[]): RawCrash => {
    const raw = rawOf(ID);
    return { ...raw, metadata: { ...raw.metadata, notes, outcome: 'truncated' } };
  };
  const LIMIT = 'limit dump_size was hit: part of the upload was dropped';

  it.each<[string, RawCrash, string]>([
    ['came without a dump', rawOf(ID), 'It came without a dump.'],
    ['lost it to a limit', withNotes(LIMIT), 'Its dump was dropped: the upload hit the limit dump_size.'],
    [
      'lost annotations only',
      withNotes('limit annotation_size was hit: part of the upload was dropped'),
      'It came without a dump.',
    ],
  ])('that %s says so on every tab', async (_what, raw, text) => {
    await site.save(BARE, raw);
    for (const tab of ['details', 'threads', 'modules', 'signature'])
      expect(await page(tab), tab).toContain(text);
    expect(await page('signature')).toContain('Made without a stack');
    expect(await page('modules')).not.toContain('The dump lists no module');
    expect(await page('raw', await site.owner())).toContain(text);
  });

  it('says when its dump is kept', async () => {
    await site.save(BARE, rawOf(ID), [dumpOf('upload_file_minidump', Buffer.from('MDMP'))]);
    expect(await page()).toContain('Its dump is kept, but was not walked.');
    expect(await page('modules')).toContain('Its dump is kept, but was not walked.');
  });

  it('claims nothing when the raw crash is gone', async () => {
    await site.store.saveProcessed(rawOf(ID), BARE);
    expect(await page()).toContain('Whether it came with a dump cannot be told now.');
  });

  it('shows the limit beside the outcome', async () => {
    await site.save(BARE, withNotes(LIMIT));
    expect(await page()).toMatch(/truncated<\/span> <small>limit dump_size was hit/);
  });
});

describe('names of annotations', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `PrivateName${String(i).padStart(4, '0')}`);

  it('that nobody knows to be harmless are hidden, as their values are', async () => {
    await site.save(crash({ crash_report_keys: ['PrivateName0000', 'ProductName'] }));
    for (const tab of ['details', 'annotations']) expect(await page(tab), tab).not.toContain('PrivateName');
    expect(await page('details', await site.owner())).toContain('PrivateName0000');
  });

  it('are folded after twenty, and end', async () => {
    await site.save(crash({ crash_report_keys: names }));
    const body = await page('details', await site.owner());
    const [before = ''] = body.split('<summary>9,980 more</summary>');
    expect(before.match(/PrivateName/g)).toHaveLength(20);
    expect(body.match(/PrivateName/g)).toHaveLength(500);
    expect(body).toContain('9,500 more, see the raw JSON');
  });
});
