import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { publicAnnotations } from '../../src/search/annotation-visibility.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import { createOneTimeLink } from '../../src/web/access/one-time-link.ts';
import { TABS } from '../../src/web/pages/report-model.ts';
import { type Browser, dumpOf, idOf, openSite, rawOf, type SiteFixture } from './site-fixture.ts';

/** Sets what a dotted path leads to. */
function plant(into: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  let at = into;
  for (const key of keys.slice(0, -1)) {
    at[key] = typeof at[key] === 'object' && at[key] !== null ? at[key] : {};
    at = at[key] as Record<string, unknown>;
  }
  at[keys.at(-1) as string] = value;
}

const PROTECTED = FIELDS.filter((field) => field.visibility === 'protected');
const canary = (where: string): string => `CANARY-${where}-YRANAC`;

/** A canary in every protected field and in every place that no field definition covers. */
function planted(id: CrashId): { processed: ProcessedCrash; raw: RawCrash } {
  const processed: Record<string, unknown> = {
    id,
    signature: 'public signature',
    product: 'PublicProduct',
    version: '1.2.3',
    surprise: canary('unknown-key'),
    surprise_object: { deep: [canary('unknown-deep')] },
    signature_input: { threads: [{ frames: [{ function: canary('signature-input') }] }] },
    json_dump: {
      status: 'OK',
      crash_info: {
        crashing_thread: 0,
        instruction: canary('instruction'),
        memory_accesses: [{ address: canary('memory') }],
      },
      surprise: canary('walk-key'),
      modules: [
        {
          filename: `/home/${canary('module-path')}/libx.so`,
          debug_file: `C:\\Users\\${canary('debug-path')}\\x.pdb`,
          symbol_url: canary('symbol-url'),
        },
      ],
      threads: [
        {
          thread_name: 'Public',
          frames: [
            {
              frame: 0,
              function: 'public_function',
              registers: { rax: canary('register') },
              surprise: canary('frame-key'),
            },
          ],
        },
      ],
    },
  };
  const annotations: Record<string, string> = {
    ProductName: 'PublicProduct',
    Surprise: canary('annotation'),
  };
  const metadata: Record<string, unknown> = { ...rawOf(id).metadata };
  for (const field of PROTECTED) {
    if (field.from === 'processed') plant(processed, field.path, canary(field.name));
    else if (field.from === 'raw') annotations[field.path] = canary(field.name);
    else metadata[field.path] = canary(field.name);
  }
  const raw = { ...rawOf(id, annotations), metadata: metadata as unknown as RawCrash['metadata'] };
  return { processed: processed as unknown as ProcessedCrash, raw };
}

describe('protected data', () => {
  let site: SiteFixture;
  let stranger: Browser;
  let owner: Browser;
  const id = idOf(1);
  const removed: CrashId[] = [];

  beforeAll(async () => {
    site = await openSite({
      removeEverywhere: async (gone) => (removed.push(gone) > 0 ? 'removed' : 'absent'),
    });
    const { processed, raw } = planted(id);
    await site.save(processed, raw, [dumpOf(canary('dump-name'), Buffer.from(canary('dump-bytes')))]);
    site.search.answer = (query) => ({
      total: { count: 1, exact: true },
      hits: [
        Object.fromEntries(
          query.columns.map((column) => [
            column,
            PROTECTED.some((f) => f.name === column) ? canary(column) : column,
          ]),
        ),
      ],
      facets: Object.fromEntries(
        (query.facets ?? []).map((f) => [
          f.field,
          [{ term: PROTECTED.some((p) => p.name === f.field) ? canary(f.field) : f.field, count: 1 }],
        ]),
      ),
      warnings: [],
    });
    stranger = site.browser();
    owner = await site.owner();
  });
  afterAll(() => site.close());

  const pages = [
    '/',
    '/?product=x',
    '/guide',
    '/open',
    `/report/raw/${id}`,
    `/report/processed/${id}`,
    `/report/dump/${id}?name=${canary('dump-name')}`,
    `/report/remove/${id}`,
    ...Object.keys(TABS).map((tab) => `/report/index/${id}?tab=${tab}`),
    `/report/index/${id}?tab=threads&thread=0`,
    '/metrics',
    '/__heartbeat__',
  ];

  it.each(pages)('is not on %s for a stranger', async (page) => {
    const answer = await stranger.get(page);
    const searched = `${answer.body}\n${JSON.stringify(answer.headers)}`.replaceAll(
      canary('dump-name'),
      (name) => (page.includes(name) ? '' : name),
    );
    expect(searched).not.toContain('CANARY');
  });

  it('is shown to the owner, field by field, and nothing of it is lost', async () => {
    const seen = (await Promise.all(pages.map((page) => owner.get(page))))
      .map((answer) => answer.body)
      .join('\n');
    for (const field of PROTECTED) expect(seen, field.name).toContain(canary(field.name));
    for (const place of [
      'unknown-key',
      'unknown-deep',
      'annotation',
      'module-path',
      'register',
      'dump-name',
      'dump-bytes',
    ])
      expect(seen, place).toContain(canary(place));
  });

  it('shows strangers the public part and says what is hidden and how to see it', async () => {
    const { body } = await stranger.get(`/report/index/${id}`);
    for (const text of [
      'public signature',
      'PublicProduct 1.2.3',
      'public_function',
      'This is the public part',
      'href="/open"',
    ])
      expect(body).toContain(text);
    expect((await stranger.get(`/report/index/${id}?tab=annotations`)).body).toMatch(
      /\d+ annotations that may hold personal data/,
    );
  });

  it.each([
    `/report/raw/${id}`,
    `/report/processed/${id}`,
    `/report/dump/${id}?name=x`,
    `/report/remove/${id}`,
  ])('answers 403 and not 404 for %s, so that a stranger cannot tell what is there', async (path) => {
    expect((await stranger.get(path)).status).toBe(403);
    expect((await stranger.get(path.replace(id, idOf(999)))).status).toBe(403);
  });

  it.each([`/report/reprocess/${id}`, `/report/remove/${id}`])('refuses POST %s', async (path) => {
    const browser = site.browser();
    // A page with a form: the stranger's token is good, the permission is what is missing.
    const link = await createOneTimeLink(site.dataDir, 'http://127.0.0.1:8000', site.deps.clock);
    await browser.get(new URL(link).pathname);
    const answer = await browser.post(path);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('needs a one-time link');
    expect(site.queue.published).toEqual([]);
    expect(removed).toEqual([]);
  });

  it('is gone again after logging out, for every copy of the cookie', async () => {
    const browser = await site.owner();
    const copy = site.browser();
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    expect((await copy.get(`/report/raw/${id}`)).status).toBe(200);
    await browser.get('/');
    expect((await browser.post('/logout')).status).toBe(303);
    expect((await browser.get(`/report/raw/${id}`)).status).toBe(403);
    expect((await copy.get(`/report/raw/${id}`)).status).toBe(403);
  });

  it('does not appear under any annotation name that is not listed as public (property)', async () => {
    const known = new Set(publicAnnotations());
    let number = 100;
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ minLength: 1, unit: 'binary' })
          .filter((name) => !known.has(name) && name !== '__proto__'),
        async (name) => {
          const other = idOf(number++);
          await site.save({ id: other, signature: 's' }, rawOf(other, { [name]: canary('any') }));
          for (const tab of ['details', 'annotations', 'notes', 'raw'])
            expect((await stranger.get(`/report/index/${other}?tab=${tab}`)).body).not.toContain('CANARY');
        },
      ),
      { numRuns: 40 },
    );
  });
});
