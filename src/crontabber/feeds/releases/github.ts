/** GitHub's releases (https://docs.github.com/en/rest/releases/releases#list-releases). Drafts are none. */
import { textKey } from '../choose.ts';
import { onPage, PAGE } from '../forge.ts';
import { githubRepository, REPOSITORY } from '../github-api.ts';
import { listOf, objectOf, textOf, timeOf } from '../shape.ts';
import { dayOfTime, readNewestFirst } from './newest-first.ts';
import { type ReleaseFeedKind, versionOfTag } from './release-feed.ts';

const github: ReleaseFeedKind = {
  kind: 'github',
  keys: {
    repository: REPOSITORY,
    product: 'as crashes name it',
    channel: 'of releases (default `release`)',
    prerelease_channel: 'of pre-releases (default `beta`)',
  },
  open(options) {
    const { name } = options;
    const repository = githubRepository(options);
    const product = textKey(options, 'product');
    const channel = textKey(options, 'channel', { fallback: 'release' });
    const early = textKey(options, 'prerelease_channel', { fallback: 'beta' });
    const source = {
      name,
      client: repository.client,
      pageSize: PAGE,
      pageUrl: (page: number) => onPage(repository.url('releases'), page),
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
