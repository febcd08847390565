/** Trackers that answer as the real ones do: the same parameters, the same shapes, the same order. */
import { type Answer, type Asked, type FeedServer, feedServer } from './feed-server.ts';

export interface Issue {
  readonly id: number;
  readonly title: string;
  readonly text: string;
  readonly open: boolean;
  /** ISO 8601. */
  readonly changed: string;
  /** Not for everybody. */
  readonly confidential?: boolean;
  /** GitHub: it is a pull request. */
  readonly pull?: boolean;
}

export interface Tracker extends FeedServer {
  /** Changed by tests between, and during, runs. */
  readonly issues: Issue[];
  /** Called before each answer. */
  onAsk: (asked: Asked, index: number) => Answer | undefined;
}

type Reply = (asked: Asked, issues: readonly Issue[], base: string) => Answer;

const byChange = (issues: readonly Issue[], since: string | null): Issue[] =>
  issues
    .filter(({ changed }) => Date.parse(changed) >= Date.parse(since ?? ''))
    .sort((a, b) => Date.parse(a.changed) - Date.parse(b.changed) || a.id - b.id);

const seconds = (time: string): string => time.replace(/\.\d+Z$/, 'Z');

const page = (issues: readonly Issue[], number: number, size: number): Issue[] =>
  issues.slice((number - 1) * size, number * size);

const wrong = (what: string): Answer => ({ status: 400, body: { message: what } });

// https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html#search-bugs
const bugzilla: Reply = ({ url }, issues) => {
  const q = url.searchParams;
  if (url.pathname !== '/rest/bug')
    return { status: 404, body: { error: true, code: 32000, message: 'unknown' } };
  if (q.get('order') !== 'changeddate,bug_id' || !q.get('include_fields')?.includes('cf_crash_signature'))
    return wrong('order, include_fields');
  const [limit, offset] = [Number(q.get('limit')), Number(q.get('offset') ?? 0)];
  const found = byChange(issues, q.get('last_change_time')).slice(offset, offset + limit);
  const bugs = found.map((issue) => ({
    id: issue.id,
    summary: issue.title,
    status: issue.open ? 'NEW' : 'RESOLVED',
    is_open: issue.open,
    whiteboard: '',
    last_change_time: seconds(issue.changed),
    cf_crash_signature: issue.text,
  }));
  return { body: { bugs } };
};

// https://docs.github.com/en/rest/issues/issues#list-repository-issues
const github: Reply = ({ url, headers }, issues, base) => {
  const q = url.searchParams;
  if (url.pathname !== '/repos/fox/fenix/issues') return { status: 404, body: { message: 'Not Found' } };
  if (
    !headers['user-agent'] ||
    q.get('sort') !== 'updated' ||
    q.get('direction') !== 'asc' ||
    q.get('state') !== 'all'
  )
    return wrong('Validation Failed');
  const size = Math.min(100, Number(q.get('per_page')));
  const body = page(byChange(issues, q.get('since')), Number(q.get('page')), size).map((issue) => ({
    number: issue.id,
    title: issue.title,
    body: issue.text === '' ? null : issue.text,
    state: issue.open ? 'open' : 'closed',
    html_url: `${base}fox/fenix/issues/${issue.id}`,
    updated_at: seconds(issue.changed),
    ...(issue.pull ? { pull_request: { url: `${base}pulls/${issue.id}` } } : {}),
  }));
  return { body };
};

// https://docs.gitlab.com/api/issues/#list-project-issues
const gitlab: Reply = ({ url }, issues, base) => {
  const q = url.searchParams;
  if (url.pathname !== '/api/v4/projects/gnome%2Fshell/issues')
    return { status: 404, body: { message: '404 Project Not Found' } };
  if (q.get('order_by') !== 'updated_at' || q.get('sort') !== 'asc') return wrong('order_by');
  const size = Math.min(100, Number(q.get('per_page')));
  const body = page(byChange(issues, q.get('updated_after')), Number(q.get('page')), size).map((issue) => ({
    id: 900_000 + issue.id,
    iid: issue.id,
    title: issue.title,
    description: issue.text,
    state: issue.open ? 'opened' : 'closed',
    web_url: `${base}gnome/shell/-/issues/${issue.id}`,
    updated_at: issue.changed,
    confidential: issue.confidential ?? false,
  }));
  return { body };
};

// https://launchpad.net/+apidoc/devel.html#bug_target-searchTasks
const launchpad: Reply = ({ url }, issues, base) => {
  const q = url.searchParams;
  const bug = /^\/devel\/bugs\/(\d+)$/.exec(url.pathname)?.[1];
  if (bug !== undefined) {
    const issue = issues.find(({ id }) => id === Number(bug));
    if (!issue)
      return { status: 404, body: 'Object: bugs not found', headers: { 'content-type': 'text/plain' } };
    return {
      body: {
        id: issue.id,
        title: issue.title,
        description: issue.text,
        private: issue.confidential ?? false,
        information_type: issue.confidential ? 'Private' : 'Public',
        date_last_updated: issue.changed.replace('Z', '000+00:00'),
        web_link: `${base}bugs/${issue.id}`,
      },
    };
  }
  if (url.pathname !== '/devel/ubuntu/+source/shell' || q.get('ws.op') !== 'searchTasks')
    return { status: 404 };
  if (q.get('order_by') !== 'date_last_updated' || q.getAll('status').length < 10)
    return wrong('order_by, status');
  const found = byChange(issues, q.get('modified_since'));
  const start = Number(q.get('ws.start'));
  const entries = found.slice(start, start + Number(q.get('ws.size'))).map((issue) => ({
    bug_link: `${base}devel/bugs/${issue.id}`,
    web_link: `${base}ubuntu/+source/shell/+bug/${issue.id}`,
    status: issue.open ? 'Confirmed' : 'Fix Released',
    title: `Bug #${issue.id} in shell (Ubuntu): "${issue.title}"`,
  }));
  return { body: { start, total_size: found.length, entries } };
};

export const TRACKERS = {
  bugzilla: { reply: bugzilla, path: '', entry: { query: { product: ['Fenix'] } }, pageSize: 300 },
  github: { reply: github, path: '', entry: { repository: 'fox/fenix' }, pageSize: 100 },
  gitlab: { reply: gitlab, path: '', entry: { project: 'gnome/shell' }, pageSize: 100 },
  launchpad: { reply: launchpad, path: 'devel', entry: { target: 'ubuntu/+source/shell' }, pageSize: 75 },
} as const;

export type TrackerKind = keyof typeof TRACKERS;

export async function startTracker(
  kind: TrackerKind,
): Promise<Tracker & { readonly feed: Record<string, unknown> }> {
  const { reply, path, entry } = TRACKERS[kind];
  const issues: Issue[] = [];
  const state: Pick<Tracker, 'onAsk'> = { onAsk: () => undefined };
  const server = await feedServer((asked, index) => {
    const special = state.onAsk(asked, index);
    if (special) return special;
    const answered = reply(asked, issues, `http://${asked.headers.host}/`);
    if ((answered.status ?? 200) !== 200) return answered;
    const etag = `W/"${hash(JSON.stringify(answered.body))}"`;
    return asked.headers['if-none-match'] === etag
      ? { status: 304, headers: { etag } }
      : { ...answered, headers: { etag, ...answered.headers } };
  });
  const feed = { name: kind, kind, url: new URL(path, server.url).href, ...entry };
  return Object.assign(state, server, { issues, feed });
}

function hash(text: string): number {
  let value = 7;
  for (const char of text) value = (value * 31 + (char.codePointAt(0) ?? 0)) % 2 ** 31;
  return value;
}

/** `count` issues that changed one a minute, each naming a signature of its own. */
export const manyIssues = (count: number, first = 1): Issue[] =>
  Array.from({ length: count }, (_, i) => ({
    id: first + i,
    title: `Crash in thing ${first + i}`,
    text: `[@ thing::number${first + i} ]`,
    open: true,
    changed: new Date(Date.parse('2026-11-01T00:00:00Z') + (first + i) * 60_000).toISOString(),
  }));
