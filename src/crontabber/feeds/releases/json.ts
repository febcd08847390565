/** A document of one's own: `[{"version":"1.2.3","released":"2026-11-21","channel":"beta","product":"Fox"}]`, all of them each time. */
import { textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { listOf, objectOf, textOf, timeOf } from '../shape.ts';
import { dayOfTime, orMalformed } from './newest-first.ts';
import type { Release, ReleaseFeedKind } from './release-feed.ts';

const json: ReleaseFeedKind = {
  kind: 'json',
  keys: {
    product: 'of entries that name none',
    channel: 'of entries that name none (default `release`)',
  },
  open(options) {
    const { name, url, token } = options;
    const product = textKey(options, 'product', { fallback: '' });
    const channel = textKey(options, 'channel', { fallback: 'release' });
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const client = new FeedClient({ feed: name, headers, ...options.client });
    const releaseOf = (found: unknown): Release => {
      const entry = objectOf(found, 'an entry');
      return {
        product: textOf(entry['product'] ?? product, 'product'),
        channel: textOf(entry['channel'] ?? channel, 'channel'),
        version: textOf(entry['version'], 'version'),
        day: dayOfTime(timeOf(entry['released'], 'released')),
      };
    };
    return {
      name,
      async read(marks, take, { signal }) {
        const known = await marks.of(name, { signal });
        const etag = known.url === url.href ? known.etag : undefined;
        const answer = await client.get(url, { signal, etag });
        if (answer.body === undefined) return;
        await take(orMalformed(name, () => listOf(answer.body, 'the answer').map(releaseOf)));
        await marks.save(name, { url: url.href, etag: answer.etag }, { signal });
      },
    };
  },
};
export default json;
