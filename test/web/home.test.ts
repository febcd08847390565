import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Filter, SearchQuery } from '../../src/search/query.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { idOf, NOW, openSite, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site.close());

const hit = (number: number, rest: Record<string, unknown> = {}) => ({
  uuid: idOf(number),
  date: '2026-11-21T11:58:00.000Z',
  signature: `signature_${number}`,
  product: 'Product',
  version: '1.0',
  platform: 'Linux',
  process_type: 'parent',
  reason: 'SIGSEGV',
  complete: true,
  ...rest,
});

const answer = (count: number, hits: readonly Record<string, unknown>[]) => () => ({
  total: { count, exact: true },
  hits,
  facets: { signature: [{ term: '~odd', count: 7 }], product: [{ term: 'Product', count: 7 }] },
  warnings: ['one shard did not answer'],
});

/** What the page asked the index. */
async function asked(url: string): Promise<SearchQuery> {
  expect((await site.browser().get(url)).status).toBe(200);
  const query = site.search.queries.at(-1);
  if (!query) throw new Error('nothing was asked');
  return query;
}

describe('home page', () => {
  it('lists crashes, counts signatures, shows warnings of the index', async () => {
    site.search.answer = answer(120, [hit(1), hit(2, { complete: false })]);
    const { body } = await site.browser().get('/');
    for (const text of [
      `/report/index/${idOf(1)}`,
      'signature_1',
      'SIGSEGV',
      '2 min ago',
      '>processed<',
      '>incomplete<',
      '1–50 of 120 crashes',
      'one shard did not answer',
    ])
      expect(body, text).toContain(text);
  });

  it('asks for the last week, newest first, fifty a page', async () => {
    const query = await asked('/');
    expect(query.from.getTime()).toBe(NOW.getTime() - 7 * 86_400_000);
    expect(query.to.getTime()).toBeGreaterThan(NOW.getTime());
    expect([query.sort, query.limit, query.offset, query.filters]).toEqual([
      [{ field: 'date', descending: true }],
      50,
      0,
      [],
    ]);
    expect((await asked('/?page=3&days=28')).offset).toBe(100);
  });

  it.each<[string, Filter[]]>([
    ['/?signature=foo', [{ field: 'signature', operator: 'is', values: ['foo'] }]],
    ['/?signature=%3D~foo', [{ field: 'signature', operator: 'is', values: ['~foo'] }]],
    ['/?signature=~foo', [{ field: 'signature', operator: 'contains', values: ['foo'] }]],
    ['/?version=%5E12.', [{ field: 'version', operator: 'starts', values: ['12.'] }]],
    [
      '/?product=a&product=b',
      [
        { field: 'product', operator: 'is', values: ['a'] },
        { field: 'product', operator: 'is', values: ['b'] },
      ],
    ],
    ['/?email=x&_columns=email&_sort=email&_facets=email', []],
    ['/?signature=', []],
  ])('takes %s as filters', async (url, filters) => {
    const query = await asked(url);
    expect(query.filters).toEqual(filters);
    expect(query.columns).not.toContain('email');
  });

  it.each([
    '/?page=0',
    '/?page=x',
    '/?page=201',
    '/?days=0',
    '/?days=366',
    '/?days=-1',
    '/?signature=%00',
    `/?signature=${'x'.repeat(2049)}`,
    `/?${'product=x&'.repeat(21)}`,
  ])('answers 400 to %s', async (url) => {
    expect((await site.browser().get(url)).status).toBe(400);
    expect(site.search.queries).toEqual([]);
  });

  it('answers 400 when the index does not understand the question', async () => {
    site.search.answer = () => Promise.reject(new StorageError('invalid', 'index', 'inner detail'));
    const { status, body } = await site.browser().get('/?signature=x');
    expect(status).toBe(400);
    expect(body).not.toContain('inner detail');
  });

  it('links a signature so that it means exactly itself', async () => {
    site.search.answer = answer(7, [hit(1)]);
    expect((await site.browser().get('/')).body).toContain('signature&#61;%3D%7Eodd');
  });

  it('keeps filters over pages and periods, and can drop them', async () => {
    site.search.answer = answer(200, [hit(1)]);
    const { body } = await site.browser().get('/?product=A%26B&days=3');
    expect(body).toContain('href="/?product&#61;A%26B&#38;days&#61;3&#38;page&#61;2"');
    expect(body).toContain('href="/?product&#61;A%26B&#38;days&#61;28"');
    expect(body).toContain('href="/?days&#61;3" aria-label="Remove the filter product A&#38;B"');
  });

  it('says that nothing matches rather than that nothing is there', async () => {
    expect((await site.browser().get('/?product=x')).body).toContain('No crash matches');
    expect((await site.browser().get('/?page=2')).body).toContain('No more crashes');
  });

  it('shows outcomes, spool, queue and dead letters as they are', async () => {
    await site.close();
    site = await openSite({
      overview: async () => ({
        since: '2026-11-21T08:00:00Z',
        outcomes: [
          { outcome: 'accepted', count: 12_841 },
          { outcome: 'rejected', reason: 'no_annotations', count: 3 },
          { outcome: 'rejected', reason: 'bad_gzip', count: 2 },
        ],
      }),
      spool: () => ({
        entries: 9,
        bytes: 2048,
        oldest: '2026-11-21T11:50:00Z',
        free: 1024 ** 3,
        room: 'annotations_only',
        failed: 2,
        waitingFor: 'storage: connect 10.1.2.3 refused',
      }),
    });
    site.queue.published.push({ task: { crashId: idOf(1) }, lane: 'reprocessing' });
    site.queue.dead.push({
      task: { crashId: idOf(2) },
      lane: 'standard',
      attempts: 5,
      reason: 'r',
      diedAt: '2026-11-21T11:00:00Z',
    });
    const { body } = await site.browser().get('/');
    for (const text of [
      '12,841',
      '<bdi>no_annotations</bdi> 3</li><li><bdi>bad_gzip</bdi> 2</li>',
      '10 min ago',
      '1.0 GiB',
      'dumps are dropped',
      '1 crash could not be processed',
    ])
      expect(body, text).toContain(text);
    expect(body).toMatch(/reprocessing<\/dt><dd>1</);
    expect(body).toMatch(/refused by the store<\/dt><dd>2</);
    expect(body).toContain('the store is not taking them');
    expect(body).not.toContain('10.1.2.3');
  });
});

describe('what is too much for the page', () => {
  it('of reasons is folded after the three most frequent', async () => {
    await site.close();
    const outcomes = Array.from({ length: 12 }, (_, i) => ({
      outcome: 'rejected' as const,
      reason: `reason_${i + 1}`,
      count: i + 1,
    }));
    site = await openSite({ overview: async () => ({ since: '2026-11-21T08:00:00Z', outcomes }) });
    const { body } = await site.browser().get('/');
    const [open = '', folded = ''] = body.split('<details class="reasons">');
    expect(open).toContain('<dd>78<ul class="reasons">');
    expect(open.match(/reason_\d+/g)).toEqual(['reason_12', 'reason_11', 'reason_10']);
    expect(folded).toContain('9 more reasons');
    expect(folded.match(/reason_\d+/g)).toHaveLength(9);
  });

  const buckets = (count: number, word: string) =>
    Array.from({ length: count }, (_, i) => ({ term: `${word}_${i}.`, count: 1 }));
  const facetsOf = async (versions: number, signatures: number): Promise<string> => {
    const found = answer(1, [hit(1)])();
    const facets = { signature: buckets(signatures, 'sig'), version: buckets(versions, 'version') };
    site.search.answer = () => ({ ...found, facets });
    return (await site.browser().get('/')).body;
  };

  it('of values in a facet is not left out in silence', async () => {
    expect(await facetsOf(8, 25)).not.toContain('and others');
    const asked = site.search.queries.at(-1)?.facets?.map(({ field, size }) => [field, size]);
    expect(asked?.slice(0, 2)).toEqual([
      ['signature', 26],
      ['product', 9],
    ]);
    const body = await facetsOf(9, 26);
    expect(body.match(/and others/g)).toHaveLength(2);
    expect(body).not.toContain('version_8.');
    expect(body).not.toContain('sig_25.');
  });
});

describe('quick search', () => {
  it.each([
    [idOf(1), `/report/index/${idOf(1)}`],
    [`bp-${idOf(1)}`, `/report/index/${idOf(1)}`],
    [`  https://crashes.example.org/report/index/${idOf(1)} `, `/report/index/${idOf(1)}`],
    [`${idOf(1).slice(0, -6)}261399`, `/?signature=%7E${idOf(1).slice(0, -6)}261399`],
    ['foo::bar', '/?signature=%7Efoo%3A%3Abar'],
    ['=foo | bar', '/?signature=%3Dfoo+%7C+bar'],
    ['', '/'],
    ['//evil.example', '/?signature=%7E%2F%2Fevil.example'],
  ])('leads from %j to %s', async (text, location) => {
    const answer = await site.browser().get(`/search/quick/?query=${encodeURIComponent(text)}`);
    expect([answer.status, answer.headers['location']]).toEqual([302, location]);
  });
});

describe('files', () => {
  it('have the digest in their name and may be kept for ever', async () => {
    const { body } = await site.browser().get('/guide');
    const [style = '', icon = ''] = [
      /href="(\/static\/style\.[0-9a-f]{16}\.css)"/,
      /href="(\/static\/icon\.[0-9a-f]{16}\.svg)"/,
    ].map((r) => r.exec(body)?.[1]);
    const sheet = await site.browser().get(style);
    expect([sheet.status, sheet.headers['cache-control'], sheet.headers['content-type']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
      'text/css; charset=utf-8',
    ]);
    expect((await site.browser().get(icon)).headers['content-type']).toBe('image/svg+xml');
    expect((await site.browser().get('/static/style.css')).status).toBe(404);
    expect((await site.browser().get('/static/..%2f..%2fpackage.json')).status).toBe(404);
  });
});
