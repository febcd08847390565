/** GitLab's releases (https://docs.gitlab.com/api/releases/#list-releases). One with a date to come is none yet. */
import { textKey } from '../choose.ts';
import { onPage, PAGE } from '../forge.ts';
import { gitlabProject, PROJECT } from '../gitlab-api.ts';
import { listOf, objectOf, textOf, timeOf } from '../shape.ts';
import { dayOfTime, readNewestFirst } from './newest-first.ts';
import { type ReleaseFeedKind, versionOfTag } from './release-feed.ts';

const gitlab: ReleaseFeedKind = {
  kind: 'gitlab',
  keys: {
    project: PROJECT,
    product: 'as crashes name it',
    channel: 'of its releases (default `release`)',
  },
  open(options) {
    const { name } = options;
    const project = gitlabProject(options, textKey(options, 'project'));
    const product = textKey(options, 'product');
    const channel = textKey(options, 'channel', { fallback: 'release' });
    const source = {
      name,
      client: project.client,
      pageSize: PAGE,
      pageUrl(page: number) {
        const url = project.url('releases');
        url.searchParams.set('order_by', 'released_at');
        url.searchParams.set('sort', 'desc');
        return onPage(url, page);
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
