/**
 * Launchpad's bugs (https://launchpad.net/+apidoc/devel.html, `searchTasks`). A task is a bug in one place and has no text:
 * the bug behind it is read, too. `modified_since` is that of the bug, and tasks come in that order.
 */
import { mapConcurrent } from '../../../lib/concurrency.ts';
import type { CallOptions } from '../../../model/report.ts';
import type { BugChange } from '../../tables/bugs.ts';
import { below, type FeedOptions, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { FeedError } from '../feed-error.ts';
import { idOf, type Json, linkOf, listOf, objectOf, textOf, textOrEmpty, timeOf } from '../shape.ts';
import { signaturesIn } from '../signatures-in.ts';
import { type BugFeedKind, titleFor, wholeSecond } from './bug-feed.ts';

const PAGE = 75;
const AT_ONCE = 4;
const EVERY_STATUS = [
  'New',
  'Incomplete',
  'Opinion',
  'Invalid',
  "Won't Fix",
  'Expired',
  'Confirmed',
  'Triaged',
  'In Progress',
  'Fix Committed',
  'Fix Released',
];
const OPEN = new Set(['New', 'Incomplete', 'Confirmed', 'Triaged', 'In Progress', 'Fix Committed']);

class LaunchpadBugs {
  readonly #options: FeedOptions;
  readonly #client: FeedClient;

  constructor(options: FeedOptions, client: FeedClient) {
    this.#options = options;
    this.#client = client;
  }

  async entries(body: unknown, options: CallOptions): Promise<readonly BugChange[]> {
    const tasks = listOf(objectOf(body, 'the answer')['entries'], 'entries').map((task) =>
      objectOf(task, 'a task'),
    );
    return mapConcurrent(tasks, AT_ONCE, (task) => this.#bug(task, options));
  }

  async #bug(task: Json, { signal }: CallOptions): Promise<BugChange> {
    const { name, url: base, token } = this.#options;
    const link = new URL(linkOf(task['bug_link'], 'bug_link'));
    // It is told by the answer, and fetched with our token.
    if (link.origin !== base.origin)
      throw new FeedError('malformed', name, `bug_link leads to ${link.origin}`);
    const { body } = await this.#client.get(link, { signal });
    const bug = objectOf(body, 'the bug');
    const title = textOrEmpty(bug['title'], 'title');
    const text = `${title}\n${textOrEmpty(bug['description'], 'description')}`;
    const isPublic =
      /^Public/.test(textOrEmpty(bug['information_type'], 'information_type')) || bug['private'] === false;
    return {
      tracker: name,
      bug: idOf(bug['id'], 'id'),
      url: linkOf(task['web_link'], 'web_link'),
      title: isPublic ? titleFor(token, title) : undefined,
      isOpen: OPEN.has(textOf(task['status'], 'status')),
      changedAt: timeOf(bug['date_last_updated'], 'date_last_updated'),
      signatures: signaturesIn(text),
    };
  }
}

const launchpad: BugFeedKind = {
  kind: 'launchpad',
  keys: { target: 'ubuntu, or ubuntu/+source/NAME; "url" is https://api.launchpad.net/devel' },
  open(options) {
    const { name, url: base, token } = options;
    const target = textKey(options, 'target', { pattern: /^[a-z0-9][\w.+-]*(\/[\w.+-]+)*$/ });
    const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
    const client = new FeedClient({ feed: name, headers, ...options.client });
    const bugs = new LaunchpadBugs(options, client);
    return {
      name,
      client,
      pageSize: PAGE,
      pageUrl(since, page) {
        const url = below(base, target);
        url.searchParams.set('ws.op', 'searchTasks');
        url.searchParams.set('modified_since', wholeSecond(since));
        url.searchParams.set('order_by', 'date_last_updated');
        for (const status of EVERY_STATUS) url.searchParams.append('status', status);
        url.searchParams.set('omit_duplicates', 'false');
        url.searchParams.set('ws.size', String(PAGE));
        url.searchParams.set('ws.start', String(page * PAGE));
        return url;
      },
      entries: (body, how) => bugs.entries(body, how),
      changedAt: ({ changedAt }) => changedAt,
    };
  },
};
export default launchpad;
