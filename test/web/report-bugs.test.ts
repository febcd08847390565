/** Bugs on the report page: links that go where they should, and no page that waits for them. */
import { expect, it, onTestFinished } from 'vitest';
import type { BugLink, WebDeps } from '../../src/web/deps.ts';
import { crash, ID } from './report-fixture.ts';
import { openSite } from './site-fixture.ts';

const bug = (number: number, more: Partial<BugLink> = {}): BugLink => ({
  tracker: 'fox',
  bug: String(number),
  url: `https://bugs.example/${number}`,
  title: `Crash ${number}`,
  isOpen: true,
  ...more,
});

async function pageWith(bugs: WebDeps['bugs']): Promise<string> {
  const site = await openSite({ bugs });
  onTestFinished(() => site.close());
  await site.save(crash());
  const answer = await site.browser().get(`/report/index/${ID}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

it('lists the bugs of the signature, closed ones marked, without a title where there is none', async () => {
  const asked: string[] = [];
  const page = await pageWith(async (signature) => {
    asked.push(signature);
    return [bug(1), bug(2, { isOpen: false, title: undefined })];
  });
  expect(asked).toEqual([crash().signature]);
  expect(page).toContain('<a href="https://bugs.example/1" rel="noreferrer">fox 1</a> <bdi>Crash 1</bdi>');
  expect(page).toMatch(/fox 2<\/a> <span class="badge">closed<\/span><\/li>/);
});

it('takes what others wrote for text', async () => {
  const page = await pageWith(async () => [bug(1, { title: '<script>alert(1)</script>' })]);
  expect(page).not.toContain('<script>alert');
  expect(page).toContain('&#60;script&#62;alert');
});

it('shows twenty, and says how many there are', async () => {
  const page = await pageWith(async () => Array.from({ length: 33 }, (_, i) => bug(i)));
  expect(page).toContain('fox 19</a>');
  expect(page).not.toContain('fox 20</a>');
  expect(page).toContain('and 13 more');
});

it('has no such list where there is none', async () => {
  for (const bugs of [undefined, async () => []]) expect(await pageWith(bugs)).not.toContain('id="bugs"');
});

it('is there without them when the database is down, or slow', async () => {
  const down = await pageWith(() => Promise.reject(new Error('connect 10.0.0.7 refused')));
  expect(down).toContain('cannot be shown now');
  expect(down).not.toContain('10.0.0.7');
  const began = performance.now();
  expect(await pageWith(() => new Promise(() => undefined))).toContain('cannot be shown now');
  expect(performance.now() - began).toBeLessThan(10_000);
});
