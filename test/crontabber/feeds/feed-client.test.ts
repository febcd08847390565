/** Asking other people's services: limits, blips, halves, secrets. */
import { describe, expect, it } from 'vitest';
import { FeedClient, type FeedClientOptions } from '../../../src/crontabber/feeds/feed-client.ts';
import { retryAfterMs } from '../../../src/crontabber/feeds/retry-after.ts';
import { failureOf } from '../../build/failure.ts';
import { type Answer, feedServer, withTag } from './feed-server.ts';

const clientOf = (options: Partial<FeedClientOptions> = {}): FeedClient =>
  new FeedClient({ feed: 'test', firstPauseMs: 1, timeoutMs: 2000, ...options });

describe('a feed client', () => {
  it('is patient with a server that fails, and gives up in the end', async () => {
    const mended = await feedServer((_, index) => (index < 2 ? { status: 503 } : { body: [1] }));
    expect((await clientOf().get(mended.url)).body).toEqual([1]);
    expect(mended.asked).toHaveLength(3);
    const broken = await feedServer(() => ({ status: 500 }));
    expect(await failureOf(clientOf({ attempts: 3 }).get(broken.url))).toMatchObject({ code: 'unavailable' });
    expect(broken.asked).toHaveLength(3);
  });

  it('waits as long as it is told, and comes back later when that is too long', async () => {
    const soon = await feedServer((_, index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '1' } } : { body: 'true' },
    );
    const began = performance.now();
    expect((await clientOf().get(soon.url)).body).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(990);
    const later = await feedServer(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    const error = await failureOf(clientOf().get(later.url));
    expect(error).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(error.message).toContain('again in 3600 s');
    expect(later.asked).toHaveLength(1);
  });

  it('reads the limits of GitHub and GitLab by the clock of the server', () => {
    const at = (headers: Record<string, string>) => retryAfterMs(new Headers(headers));
    const date = 'Sat, 21 Nov 2026 06:00:00 GMT';
    const epoch = String(Date.parse('2026-11-21T06:00:30Z') / 1000);
    expect(at({ date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': epoch })).toBe(30_000);
    expect(at({ date, 'ratelimit-remaining': '0', 'ratelimit-reset': epoch })).toBe(30_000);
    expect(at({ date, 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': epoch })).toBeUndefined();
    expect(at({ date, 'retry-after': 'Sat, 21 Nov 2026 06:01:00 GMT' })).toBe(60_000);
    expect(at({ 'retry-after': 'nonsense' })).toBeUndefined();
  });

  it('takes a 403 for a limit only when it says so', async () => {
    const limited = await feedServer(() => ({
      status: 403,
      headers: {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 900),
      },
    }));
    expect(await failureOf(clientOf().get(limited.url))).toMatchObject({ code: 'rate_limited' });
    const refused = await feedServer(() => ({ status: 403 }));
    expect(await failureOf(clientOf().get(refused.url))).toMatchObject({ code: 'refused' });
    expect(refused.asked).toHaveLength(1);
  });

  it('asks again after half an answer, and never takes one for the whole', async () => {
    const cut = await feedServer((_, index) => ({ body: [1, 2, 3], ...(index === 0 ? { cutAt: 4 } : {}) }));
    expect((await clientOf().get(cut.url)).body).toEqual([1, 2, 3]);
    expect(cut.asked).toHaveLength(2);
    // A proxy that gave up and said the length of what it had: whole for HTTP, half for JSON.
    const short = await feedServer(() => ({ body: '[1, 2' }));
    expect(await failureOf(clientOf({ attempts: 2 }).get(short.url))).toMatchObject({ code: 'unavailable' });
    expect(short.asked).toHaveLength(2);
  });

  it('gives up on a server that does not answer, and at once when it is told to', async () => {
    const silent = await feedServer(() => undefined);
    const error = await failureOf(clientOf({ timeoutMs: 50, attempts: 2 }).get(silent.url));
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(error.message).toContain('no whole answer in 50 ms');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const stopped = await failureOf(clientOf().get(silent.url, { signal: stop.signal }));
    expect(stopped).toMatchObject({ code: 'aborted' });
  });

  it('says that a page for people is no feed', async () => {
    const page = await feedServer(() => ({
      headers: { 'content-type': 'text/html' },
      body: '<h1>Sign in</h1>',
    }));
    expect(await failureOf(clientOf().get(page.url))).toMatchObject({ code: 'malformed' });
    expect(page.asked).toHaveLength(1);
  });

  it('does not read more than it has room for', async () => {
    const long = await feedServer(() => ({ body: JSON.stringify('x'.repeat(5000)) }));
    expect(await failureOf(clientOf({ maxBytes: 1000 }).get(long.url))).toMatchObject({ code: 'malformed' });
  });

  it('asks whether anything is new', async () => {
    const server = await feedServer((asked) => withTag(asked, '"v1"', [1]));
    const client = clientOf();
    const first = await client.get(server.url);
    expect(first).toMatchObject({ body: [1], etag: '"v1"' });
    const second = await client.get(server.url, { etag: first.etag });
    expect(second).toMatchObject({ body: undefined, etag: '"v1"' });
  });

  it('keeps the token from other origins', async () => {
    const other = await feedServer(() => ({ body: [] }));
    const first = await feedServer((asked): Answer => {
      if (asked.url.pathname === '/home') return { body: [2] };
      const location = asked.url.pathname === '/away' ? other.url.href : '/home';
      return { status: 302, headers: { location } };
    });
    const client = clientOf({ headers: { 'x-bugzilla-api-key': 'secret' } });
    await client.get(new URL('/away', first.url));
    expect(other.asked[0]?.headers['x-bugzilla-api-key']).toBeUndefined();
    await client.get(new URL('/here', first.url));
    expect(first.asked.at(-1)).toMatchObject({ headers: { 'x-bugzilla-api-key': 'secret' } });
    const error = await failureOf(client.get(new URL('http://tracker.invalid/')));
    expect(error).toMatchObject({ code: 'refused' });
    expect(error.message).toContain('without TLS');
    expect(error.message).not.toContain('secret');
  });

  it('does not go round in circles', async () => {
    const circle = await feedServer(() => ({ status: 301, headers: { location: '/again' } }));
    expect(await failureOf(clientOf().get(circle.url))).toMatchObject({ code: 'refused' });
    expect(circle.asked).toHaveLength(6);
  });
});
