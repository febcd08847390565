/** GitHub's releases (https://docs.github.com/en/rest/releases/releases#list-releases). Drafts are none. */
import { below, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { listOf, objectOf, textOf, timeOf } from '../shape.ts';
import { dayOfTime, readNewestFirst } from './newest-first.ts';
import { type ReleaseFeedKind, versionOfTag } from './release-feed.ts';

const PAGE = 100;

const github: ReleaseFeedKind = {
  kind: 'github',
  keys: {
    repository: 'owner/name; "url" is https://api.github.com, or https://HOST/api/v3',
    product: 'as crashes name it',
    channel: 'of releases (default `release`)',
    prerelease_channel: 'of pre-releases (default `beta`)',
  },
  open(options) {
    const { name, url: base, token } = options;
    const repository = textKey(options, 'repository', { pattern: /^[\w.-]+\/[\w.-]+$/ });
    const product = textKey(options, 'product');
    const channel = textKey(options, 'channel', { fallback: 'release' });
    const early = textKey(options, 'prerelease_channel', { fallback: 'beta' });
    const headers = {
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const source = {
      name,
      client: new FeedClient({ feed: name, headers, ...options.client }),
      pageSize: PAGE,
      pageUrl(page: number) {
        const url = below(base, `repos/${repository}/releases`);
        url.searchParams.set('per_page', String(PAGE));
        url.searchParams.set('page', String(page + 1));
        return url;
      },
      entries: (body: unknown) =>
        listOf(body, 'the answer').map((found) => {
          const release = objectOf(found, 'a release');
          const version = versionOfTag(textOf(release['tag_name'], 'tag_name'));
          if (version === undefined || release['draft'] === true || release['published_at'] === null)
            return null;
          const at = timeOf(release['published_at'], 'published_at');
          const which = release['prerelease'] === true ? early : channel;
          return { at, release: { product, channel: which, version, day: dayOfTime(at) } };
        }),
    };
    return { name, read: (marks, take, how) => readNewestFirst(source, marks, take, how) };
  },
};
export default github;
