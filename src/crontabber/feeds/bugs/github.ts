/** GitHub's issues (https://docs.github.com/en/rest/issues/issues#list-repository-issues), GitHub Enterprise too. */
import { onPage, PAGE } from '../forge.ts';
import { githubRepository, REPOSITORY } from '../github-api.ts';
import { idOf, linkOf, listOf, objectOf, textOrEmpty, timeOf } from '../shape.ts';
import { signaturesIn } from '../signatures-in.ts';
import { type BugFeedKind, titleFor, wholeSecond } from './bug-feed.ts';

const github: BugFeedKind = {
  kind: 'github',
  keys: { repository: REPOSITORY },
  open(options) {
    const { name, token } = options;
    const repository = githubRepository(options);
    return {
      name,
      client: repository.client,
      pageSize: PAGE,
      pageUrl(since, page) {
        const url = repository.url('issues');
        url.searchParams.set('state', 'all');
        url.searchParams.set('since', wholeSecond(since));
        url.searchParams.set('sort', 'updated');
        url.searchParams.set('direction', 'asc');
        return onPage(url, page);
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
