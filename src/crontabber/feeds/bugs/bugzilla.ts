/**
 * Bugzilla's REST API (https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html#search-bugs), with Mozilla's field
 * `cf_crash_signature`; where a Bugzilla has none, what the summary and the whiteboard name.
 */
import { SettingsError } from '../../../lib/settings.ts';
import { below, type FeedOptions } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { FeedError } from '../feed-error.ts';
import { idOf, type Json, listOf, objectOf, textOrEmpty, timeOf } from '../shape.ts';
import { signaturesIn, signaturesOfField } from '../signatures-in.ts';
import { type BugFeedKind, titleFor, wholeSecond } from './bug-feed.ts';

/** Servers give fewer when their own limit is lower (`max_search_results`), but never below this. */
const PAGE = 300;
const FIELDS = 'id,summary,status,is_open,whiteboard,last_change_time,cf_crash_signature';
const CLOSED = new Set(['RESOLVED', 'VERIFIED', 'CLOSED']);

/** Parameters of the search that the operator adds: `{"product":["Firefox","Core"]}`. */
function queryOf({ setting, name, entry }: FeedOptions): readonly (readonly [string, string])[] {
  const { query = {} } = entry;
  const wrong = (): never => {
    throw new SettingsError(`${setting}: ${name}: "query" is an object of texts or lists of texts`);
  };
  if (typeof query !== 'object' || query === null || Array.isArray(query)) return wrong();
  return Object.entries(query).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((text): readonly [string, string] =>
      typeof text === 'string' ? [key, text] : wrong(),
    ),
  );
}

function signaturesOf(bug: Json): readonly string[] {
  const field = textOrEmpty(bug['cf_crash_signature'], 'cf_crash_signature');
  const text = `${textOrEmpty(bug['summary'], 'summary')}\n${textOrEmpty(bug['whiteboard'], 'whiteboard')}`;
  return bug['cf_crash_signature'] === undefined ? signaturesIn(text) : signaturesOfField(field);
}

const bugzilla: BugFeedKind = {
  kind: 'bugzilla',
  keys: { query: 'parameters of the search, like {"product":["Firefox"]}' },
  open(options) {
    const { name, url: base, token } = options;
    const query = queryOf(options);
    const headers: Record<string, string> = token === undefined ? {} : { 'x-bugzilla-api-key': token };
    return {
      name,
      client: new FeedClient({ feed: name, headers, ...options.client }),
      pageSize: PAGE,
      pageUrl(since, page) {
        const url = below(base, 'rest/bug');
        for (const [key, value] of query) url.searchParams.append(key, value);
        url.searchParams.set('include_fields', FIELDS);
        url.searchParams.set('last_change_time', wholeSecond(since));
        url.searchParams.set('order', 'changeddate,bug_id');
        url.searchParams.set('limit', String(PAGE));
        if (page > 0) url.searchParams.set('offset', String(page * PAGE));
        return url;
      },
      entries(body) {
        const answer = objectOf(body, 'the answer');
        // Errors come with 200 from old ones. Test: "a Bugzilla that says no with 200".
        if (answer['error'] === true)
          throw new FeedError('refused', name, `it answers error ${String(answer['code'])}`);
        return listOf(answer['bugs'], 'bugs').map((found) => {
          const bug = objectOf(found, 'a bug');
          const id = idOf(bug['id'], 'id');
          const status = textOrEmpty(bug['status'], 'status');
          return {
            tracker: name,
            bug: id,
            url: `${below(base, 'show_bug.cgi').href}?id=${encodeURIComponent(id)}`,
            title: titleFor(token, textOrEmpty(bug['summary'], 'summary')),
            isOpen: typeof bug['is_open'] === 'boolean' ? bug['is_open'] : !CLOSED.has(status),
            changedAt: timeOf(bug['last_change_time'], 'last_change_time'),
            signatures: signaturesOf(bug),
          };
        });
      },
      changedAt: ({ changedAt }) => changedAt,
    };
  },
};
export default bugzilla;
