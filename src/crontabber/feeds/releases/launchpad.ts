/** Releases of a project on Launchpad (https://launchpad.net/+apidoc/devel.html, `project`, `releases_collection_link`). */
import { throwIfAborted } from '../../../lib/abort.ts';
import { below, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { FeedError } from '../feed-error.ts';
import { linkOf, listOf, objectOf, textOf, timeOf } from '../shape.ts';
import { dayOfTime, orMalformed } from './newest-first.ts';
import type { Release, ReleaseFeedKind } from './release-feed.ts';

const PAGE = 75;
const MOST_PAGES = 1000;

const launchpad: ReleaseFeedKind = {
  kind: 'launchpad',
  keys: {
    project: 'its name; "url" is https://api.launchpad.net/devel',
    product: 'as crashes name it',
    channel: 'of its releases (default `release`)',
  },
  open(options) {
    const { name, url: base, token } = options;
    const project = textKey(options, 'project', { pattern: /^[a-z0-9][\w.+-]*$/ });
    const product = textKey(options, 'product');
    const channel = textKey(options, 'channel', { fallback: 'release' });
    const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
    const client = new FeedClient({ feed: name, headers, ...options.client });

    const releaseOf = (found: unknown): readonly Release[] => {
      const release = objectOf(found, 'a release');
      // A milestone that was made a release before it came out.
      if (release['date_released'] === null) return [];
      const version = textOf(release['version'], 'version');
      return [
        { product, channel, version, day: dayOfTime(timeOf(release['date_released'], 'date_released')) },
      ];
    };
    const next = (link: unknown): URL | undefined => {
      if (link === undefined || link === null) return undefined;
      const url = new URL(linkOf(link, 'next_collection_link'));
      if (url.origin === base.origin) return url;
      throw new FeedError('malformed', name, `next_collection_link leads to ${url.origin}`);
    };
    const first = below(base, `${project}/releases`);
    first.searchParams.set('ws.size', String(PAGE));

    return {
      name,
      async read(marks, take, { signal }) {
        // In no order that one could rely on: all of them, each time; a project has a few hundred.
        let url: URL | undefined = first;
        for (let page = 0; url; page += 1) {
          throwIfAborted(signal);
          if (page >= MOST_PAGES)
            throw new FeedError('malformed', name, `it gives more than ${MOST_PAGES} pages`);
          const { body } = await client.get(url, { signal });
          const answer = orMalformed(name, () => objectOf(body, 'the answer'));
          await take(orMalformed(name, () => listOf(answer['entries'], 'entries').flatMap(releaseOf)));
          url = orMalformed(name, () => next(answer['next_collection_link']));
        }
        await marks.save(name, {}, { signal });
      },
    };
  },
};
export default launchpad;
