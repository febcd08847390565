/** GitHub's issues (https://docs.github.com/en/rest/issues/issues#list-repository-issues), GitHub Enterprise too. */
import { below, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { idOf, linkOf, listOf, objectOf, textOrEmpty, timeOf } from '../shape.ts';
import { signaturesIn } from '../signatures-in.ts';
import { type BugFeedKind, titleFor, wholeSecond } from './bug-feed.ts';

const PAGE = 100;

const github: BugFeedKind = {
  kind: 'github',
  keys: { repository: 'owner/name; "url" is https://api.github.com, or https://HOST/api/v3' },
  open(options) {
    const { name, url: base, token } = options;
    const repository = textKey(options, 'repository', { pattern: /^[\w.-]+\/[\w.-]+$/ });
    const headers = {
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return {
      name,
      client: new FeedClient({ feed: name, headers, ...options.client }),
      pageSize: PAGE,
      pageUrl(since, page) {
        const url = below(base, `repos/${repository}/issues`);
        url.searchParams.set('state', 'all');
        url.searchParams.set('since', wholeSecond(since));
        url.searchParams.set('sort', 'updated');
        url.searchParams.set('direction', 'asc');
        url.searchParams.set('per_page', String(PAGE));
        url.searchParams.set('page', String(page + 1));
        return url;
      },
      entries: (body) =>
        listOf(body, 'the answer').map((found) => {
          const issue = objectOf(found, 'an issue');
          const title = textOrEmpty(issue['title'], 'title');
          const text = `${title}\n${textOrEmpty(issue['body'], 'body')}`;
          return {
            tracker: name,
            bug: idOf(issue['number'], 'number'),
            url: linkOf(issue['html_url'], 'html_url'),
            title: titleFor(token, title),
            isOpen: issue['state'] === 'open',
            changedAt: timeOf(issue['updated_at'], 'updated_at'),
            // Pull requests are issues here, too; they mend bugs and are none.
            signatures: issue['pull_request'] === undefined ? signaturesIn(text) : [],
          };
        }),
      changedAt: ({ changedAt }) => changedAt,
    };
  },
};
export default github;
