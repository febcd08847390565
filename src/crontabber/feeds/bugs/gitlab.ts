/** GitLab's issues (https://docs.gitlab.com/api/issues/#list-project-issues). */
import { textKey } from '../choose.ts';
import { onPage, PAGE } from '../forge.ts';
import { gitlabProject, PROJECT } from '../gitlab-api.ts';
import { idOf, linkOf, listOf, objectOf, textOrEmpty, timeOf } from '../shape.ts';
import { signaturesIn } from '../signatures-in.ts';
import { type BugFeedKind, titleFor } from './bug-feed.ts';

const gitlab: BugFeedKind = {
  kind: 'gitlab',
  keys: { project: PROJECT },
  open(options) {
    const { name, token } = options;
    const project = gitlabProject(
      options,
      textKey(options, 'project', { pattern: /^(\d+|[\w.-]+(\/[\w.-]+)+)$/ }),
    );
    return {
      name,
      client: project.client,
      pageSize: PAGE,
      pageUrl(since, page) {
        const url = project.url('issues');
        url.searchParams.set('scope', 'all');
        url.searchParams.set('updated_after', since);
        url.searchParams.set('order_by', 'updated_at');
        url.searchParams.set('sort', 'asc');
        return onPage(url, page);
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
