import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/lib/settings.ts';
import { escapeText, html, visible } from '../../src/web/pages/markup.ts';
import { TABS } from '../../src/web/pages/report-model.ts';
import { parseVcsLinks, sourceFile, webAddress } from '../../src/web/pages/source-link.ts';
import { type WebSettings, webSchema } from '../../src/web/settings.ts';
import { crashFullOf, rawFullOf } from './hostile-crash.ts';
import { type Browser, dumpOf, idOf, openSite, type SiteFixture } from './site-fixture.ts';
import { skeleton, tagsOf } from './tags.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</textarea></title></pre><iframe src="//evil.example">',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '&lt;script&gt; &amp; &#60;b&#62;',
  '!<b>bang</b>',
  'https://user:pass@evil.example/',
  'git:github.com/a/b:../../evil:main',
  'photo\u202Egpj.exe',
  'nul\u0000 esc\u001b[31m bell\u0007 \ufeff\u200b \u{e0041}',
  'שלום עולם',
];
const PLAIN = 'plain text';

describe('markup', () => {
  it('escapes what could end a text or an attribute', () => {
    expect(String(html`<a title="${'"><\'&'}">${'<b>'}</a>`)).toBe(
      '<a title="&#34;&#62;&#60;&#39;&#38;">&#60;b&#62;</a>',
    );
  });

  it('escapes after a bang before a value', () => {
    expect(String(html`<p>Crash!${'<b>'}</p>`)).toBe('<p>Crash!&#60;b&#62;</p>');
  });

  it('takes its own markup and lists of it unescaped, and nothing else', () => {
    expect(String(html`<ul>${['<', 'b'].map((t) => html`<li>${t}</li>`)}${null}${false}${0}</ul>`)).toBe(
      '<ul><li>&#60;</li><li>b</li>0</ul>',
    );
  });

  it('shows what cannot be seen', () => {
    expect(visible('a\u202Eb\u0000\u{e0041}\ud800')).toBe('a[U+202E]b[U+0000][U+E0041][U+D800]');
    expect(visible('tab\tline\nשלום ü 🦊')).toBe('tab\tline\nשלום ü 🦊');
  });

  it('leaves no character that means something to HTML (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeText(text)).not.toMatch(/[<>"'\u202e]|&(?!#\d+;)/u);
      }),
    );
  });
});

describe('links out of data', () => {
  it('are http and https only', () => {
    expect(webAddress('https://example.org/x?y=1')).toBe('https://example.org/x?y=1');
    for (const text of [
      'javascript:alert(1)',
      'data:text/html,x',
      'ftp://x/',
      '//x',
      'https://u:p@x/',
      'http://',
      ' https://x/',
    ])
      expect(webAddress(text), text).toBeUndefined();
  });

  const links = parseVcsLinks(parseSettings<WebSettings>(webSchema, {}).vcs_links);

  it('lead to the line in the version control system', () => {
    expect(
      sourceFile('git:github.com/rust-lang/rust:library/std/src/panicking.rs:9fc6b431', 72, links),
    ).toEqual({
      path: 'library/std/src/panicking.rs',
      url: 'https://github.com/rust-lang/rust/blob/9fc6b431/library/std/src/panicking.rs#L72',
    });
    expect(sourceFile('hg:hg.mozilla.org/mozilla-central:dom/a b.cpp:0f', null, links).url).toBe(
      'https://hg.mozilla.org/mozilla-central/annotate/0f/dom/a%20b.cpp#l1',
    );
  });

  it('never leave the host of their template (property)', () => {
    const part = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(part, part, part, (repo, path, revision) => {
        const { url } = sourceFile(`git:github.com/${repo}:${path}:${revision}`, 1, links);
        if (url !== undefined) expect(new URL(url).host).toBe('github.com');
      }),
      {
        examples: [
          ['../..', 'x', 'y'],
          ['a', '../../..//evil', 'y'],
          ['@evil.example', 'x', 'y'],
          ['a', 'x', '\ud800'],
        ],
      },
    );
  });

  it('are not made of unknown systems, climbing paths or plain files', () => {
    for (const file of [
      'git:evil.example/a/b:c:d',
      'git:github.com/a/b:../../c:d',
      'C:\\src\\a.c',
      '/src/a.c',
      'a:b:c:d',
      's3:bucket:x/y:',
    ])
      expect(sourceFile(file, 1, links).url, file).toBeUndefined();
  });

  it('are refused as templates unless http(s) with a fixed host', () => {
    for (const bad of [
      '{"a:b":"javascript:{file}"}',
      '{"a:b":"https://{repo}/x"}',
      '{"a:b":"https://x/{who}"}',
      '[]',
      '{',
      '{"a:b":1}',
    ])
      expect(() => parseVcsLinks(bad), bad).toThrow(/vcs_links/);
    expect(parseVcsLinks('').size).toBe(0);
  });
});

describe('pages', () => {
  let site: SiteFixture;
  let owner: Browser;
  let number = 1;

  beforeAll(async () => {
    site = await openSite({
      overview: async () => ({
        since: PLAIN,
        outcomes: [{ outcome: 'rejected', reason: current, count: 1 }],
      }),
    });
    owner = await site.owner();
    site.search.answer = () => ({
      total: { count: 1, exact: true },
      hits: [
        {
          uuid: current,
          date: current,
          signature: current,
          product: current,
          version: current,
          platform: current,
          process_type: current,
          reason: current,
          complete: true,
        },
      ],
      facets: { signature: [{ term: current, count: 1 }], product: [{ term: current, count: 1 }] },
      warnings: [current],
    });
  });
  afterAll(() => site.close());

  let current = PLAIN;

  /** Every page that shows text of a crash. */
  async function pagesWith(text: string): Promise<ReadonlyMap<string, string>> {
    current = text;
    const id = idOf(number++);
    await site.save(crashFullOf(id, text), rawFullOf(id, text), [
      dumpOf(`dump ${text.replaceAll('\0', '')}`, Buffer.from('x')),
    ]);
    const pages = new Map<string, string>();
    for (const tab of Object.keys(TABS))
      pages.set(tab, (await owner.get(`/report/index/${id}?tab=${tab}`)).body);
    pages.set('home', (await owner.get('/')).body);
    pages.set(
      'filtered',
      (await owner.get(`/?signature=${encodeURIComponent(`=${text.replaceAll('\0', '')}`)}`)).body,
    );
    return pages;
  }

  it.each(HOSTILE)('have the same tags with %j as with plain text', async (text) => {
    const plain = await pagesWith(PLAIN);
    for (const [name, body] of await pagesWith(text)) {
      expect(skeleton(body), name).toEqual(skeleton(plain.get(name) ?? ''));
      for (const { attributes } of tagsOf(body)) {
        if (attributes['href'] !== undefined) expect(attributes['href']).toMatch(/^(\/(?!\/)|#)/);
      }
    }
  });

  it('link http and https values of annotations without telling where from', async () => {
    const pages = await pagesWith('https://example.org/?a=1&b=2');
    const link = tagsOf(pages.get('annotations') ?? '').find((tag) =>
      tag.attributes['href']?.startsWith('https://example.org/'),
    );
    expect(link?.attributes['rel']).toBe('noopener noreferrer nofollow');
  });

  it('have nothing inline: no script, no style, no handler', async () => {
    for (const [name, body] of await pagesWith(PLAIN)) {
      for (const tag of tagsOf(body)) {
        expect(['script', 'style', 'iframe', 'object', 'embed'], name).not.toContain(tag.name);
        for (const attribute of Object.keys(tag.attributes))
          expect(attribute, name).not.toMatch(/^(on|style$)/);
      }
    }
  });
});
