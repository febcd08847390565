/** GitLab's issues (https://docs.gitlab.com/api/issues/#list-project-issues). */
import { below, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { idOf, linkOf, listOf, objectOf, textOrEmpty, timeOf } from '../shape.ts';
import { signaturesIn } from '../signatures-in.ts';
import { type BugFeedKind, titleFor } from './bug-feed.ts';

const PAGE = 100;

const gitlab: BugFeedKind = {
  kind: 'gitlab',
  keys: { project: 'group/name, or its number; "url" is https://gitlab.com' },
  open(options) {
    const { name, url: base, token } = options;
    const project = textKey(options, 'project', { pattern: /^(\d+|[\w.-]+(\/[\w.-]+)+)$/ });
    const headers: Record<string, string> = token === undefined ? {} : { 'private-token': token };
    return {
      name,
      client: new FeedClient({ feed: name, headers, ...options.client }),
      pageSize: PAGE,
      pageUrl(since, page) {
        const url = below(base, `api/v4/projects/${encodeURIComponent(project)}/issues`);
        url.searchParams.set('scope', 'all');
        url.searchParams.set('updated_after', since);
        url.searchParams.set('order_by', 'updated_at');
        url.searchParams.set('sort', 'asc');
        url.searchParams.set('per_page', String(PAGE));
        url.searchParams.set('page', String(page + 1));
        return url;
      },
      entries: (body) =>
        listOf(body, 'the answer').map((found) => {
          const issue = objectOf(found, 'an issue');
          const title = textOrEmpty(issue['title'], 'title');
          const text = `${title}\n${textOrEmpty(issue['description'], 'description')}`;
          return {
            tracker: name,
            bug: idOf(issue['iid'], 'iid'),
            url: linkOf(issue['web_url'], 'web_url'),
            title: issue['confidential'] === true ? undefined : titleFor(token, title),
            isOpen: issue['state'] === 'opened',
            changedAt: timeOf(issue['updated_at'], 'updated_at'),
            signatures: signaturesIn(text),
          };
        }),
      changedAt: ({ changedAt }) => changedAt,
    };
  },
};
export default gitlab;
