/** From a signature to the very line that made it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { parseLists } from '../../src/signature/list-folder.ts';
import type { ListTexts } from '../../src/signature/lists.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { stack } from '../signature/stack.ts';
import { crash, ID } from './report-fixture.ts';
import { openSite, type SiteFixture } from './site-fixture.ts';

const lists = await parseLists({
  irrelevant: '# LP: #7 <script>\nraise$\n',
  prefix: 'abort<b>$\n# bug 9, see https://example.org/9\nabort$',
});
const { trace } = new SignatureGenerator({ lists }).generate(stack('raise\nabort\nfoo'));

let find: (digest: string) => Promise<ListTexts | undefined>;
let current: string | undefined;
let site: SiteFixture;
beforeEach(async () => {
  find = async (digest) => (digest === lists.digest ? lists.texts : undefined);
  current = lists.digest;
  site = await openSite({ findLists: (digest) => find(digest), currentLists: async () => current });
  await site.save(crash({ signature_trace: JSON.parse(JSON.stringify(trace)) }));
});
afterEach(() => site.close());

const report = async (): Promise<string> =>
  (await site.browser().get(`/report/index/${ID}?tab=signature`)).body;

describe('the signature tab', () => {
  it('links each line to its place, and shows pattern and bugs', async () => {
    const body = await report();
    expect(body).toContain(`href="/siglists/${lists.digest}#prefix_signature_re.txt:3"`);
    expect(body).toContain('<bdi>abort$</bdi>');
    expect(body).toContain('<a href="https://bugs.launchpad.net/bugs/7" rel="noreferrer">LP: #7</a>');
    expect(body).toContain(`href="/siglists/${lists.digest}"`);
  });

  it('goes to places that are there', async () => {
    const [, target = ''] = /href="\/siglists\/[0-9a-f]{64}#(prefix[^"]*)"/.exec(await report()) ?? [];
    const { body } = await site.browser().get(`/siglists/${lists.digest}`);
    expect(body).toContain(`<li id="${target}">`);
  });

  it('has the place alone when the version is not kept, or the store is down', async () => {
    find = async () => undefined;
    expect(await report()).toContain('<code>prefix_signature_re.txt:3</code>');
    expect(await report()).not.toContain('/siglists/');
    find = async () => {
      throw new StorageError('unavailable', 'bucket', 'no route to secret-host');
    };
    const body = await report();
    expect(body).toContain('The lines cannot be shown now. Store bucket');
    expect(body).not.toContain('secret-host');
    expect(body).toContain('prefix_signature_re.txt:3');
  });
});

describe('a version of the lists', () => {
  it('shows every line of every file, with its number and its bugs, and nothing as markup', async () => {
    const { status, body } = await site.browser().get(`/siglists/${lists.digest}`);
    expect(status).toBe(200);
    expect(body).toContain('id="irrelevant_signature_re.txt:2"');
    expect(body).toContain('id="signatures_with_line_numbers_re.txt"');
    expect(body).toContain('<a href="https://example.org/9" rel="noreferrer">');
    expect(body).toContain('abort&#60;b&#62;$');
    expect(body).not.toContain('<script>');
  });

  it.each([
    ['that nobody has', '0'.repeat(64), 404],
    ['that is none', 'x', 404],
  ])('%s is not found', async (_what, digest, status) => {
    const answer = await site.browser().get(`/siglists/${digest}`);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain('Lists not found');
  });

  it('says whether it is in use, and leads to those that are', async () => {
    expect((await site.browser().get(`/siglists/${lists.digest}`)).body).toContain('They are in use now.');
    expect(await site.browser().get('/siglists')).toMatchObject({
      status: 302,
      headers: { location: `/siglists/${lists.digest}` },
    });
    current = '1'.repeat(64);
    expect((await site.browser().get(`/siglists/${lists.digest}`)).body).toContain('<a href="/siglists">');
    current = undefined;
    expect((await site.browser().get('/siglists')).status).toBe(404);
  });

  it('is a 503 while the store is down', async () => {
    find = async () => {
      throw new StorageError('unavailable', 'bucket', 'no route');
    };
    expect((await site.browser().get(`/siglists/${lists.digest}`)).status).toBe(503);
  });
});
