/** GitLab's releases (https://docs.gitlab.com/api/releases/#list-releases). One with a date to come is none yet. */
import { below, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { listOf, objectOf, textOf, timeOf } from '../shape.ts';
import { dayOfTime, readNewestFirst } from './newest-first.ts';
import { type ReleaseFeedKind, versionOfTag } from './release-feed.ts';

const PAGE = 100;

const gitlab: ReleaseFeedKind = {
  kind: 'gitlab',
  keys: {
    project: 'group/name, or its number; "url" is https://gitlab.com',
    product: 'as crashes name it',
    channel: 'of its releases (default `release`)',
  },
  open(options) {
    const { name, url: base, token } = options;
    const project = textKey(options, 'project');
    const product = textKey(options, 'product');
    const channel = textKey(options, 'channel', { fallback: 'release' });
    const headers: Record<string, string> = token === undefined ? {} : { 'private-token': token };
    const source = {
      name,
      client: new FeedClient({ feed: name, headers, ...options.client }),
      pageSize: PAGE,
      pageUrl(page: number) {
        const url = below(base, `api/v4/projects/${encodeURIComponent(project)}/releases`);
        url.searchParams.set('order_by', 'released_at');
        url.searchParams.set('sort', 'desc');
        url.searchParams.set('per_page', String(PAGE));
        url.searchParams.set('page', String(page + 1));
        return url;
      },
      entries: (body: unknown) =>
        listOf(body, 'the answer').map((found) => {
          const release = objectOf(found, 'a release');
          const version = versionOfTag(textOf(release['tag_name'], 'tag_name'));
          if (version === undefined || release['upcoming_release'] === true) return null;
          const at = timeOf(release['released_at'], 'released_at');
          return { at, release: { product, channel, version, day: dayOfTime(at) } };
        }),
    };
    return { name, read: (marks, take, how) => readNewestFirst(source, marks, take, how) };
  },
};
export default gitlab;
