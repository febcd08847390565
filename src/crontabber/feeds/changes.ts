/** Reads what changed in a service since the last time, oldest first, a page at a time, and remembers how far it came. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import type { ReadMark, ReadMarks } from '../tables/read-marks.ts';
import type { FeedClient } from './feed-client.ts';
import { FeedError } from './feed-error.ts';

/** What an adapter says of its service. */
export interface ChangeSource<T> {
  readonly name: string;
  readonly client: FeedClient;
  /** Entries of a whole page. */
  readonly pageSize: number;
  /** Entries changed at `since` or later, by time of change; `page` counts from 0. */
  pageUrl(since: string, page: number): URL;
  /** The entries of an answer. Throws for one that is not what the service is known to say. */
  entries(body: unknown, options: CallOptions): readonly T[] | Promise<readonly T[]>;
  /** ISO 8601, UTC, by the service's clock. */
  changedAt(entry: T): string;
}

/** A page whose entries all changed in one second cannot be passed by time: its next pages are asked for by number. */
const MOST_PAGES = 10_000;

/**
 * Pages by time and not by number: while we read, entries change and move to the end, and those behind them move up,
 * past a page that was read already. What changed in the very second of the mark comes twice; `take` is idempotent.
 * A page counts as read when `take` has kept it: a run that ends early is gone on with.
 * Test: "loses nothing while entries change".
 */
export async function readChanges<T>(
  source: ChangeSource<T>,
  marks: ReadMarks,
  { begin, signal }: CallOptions & { readonly begin: string },
  take: (entries: readonly T[]) => Promise<void>,
): Promise<number> {
  let mark: ReadMark = await marks.of(source.name, { signal });
  let since = mark.since ?? begin;
  let total = 0;
  for (let page = 0, asked = 0; asked < MOST_PAGES; asked += 1) {
    throwIfAborted(signal);
    const url = source.pageUrl(since, page);
    const etag = mark.url === url.href ? mark.etag : undefined;
    const answer = await source.client.get(url, { signal, etag });
    if (answer.body === undefined) return total;
    const entries = await entriesOf(source, answer.body, { signal });
    await take(entries);
    total += entries.length;
    const newest = newestOf(source, entries, answer.headers) ?? since;
    const isLast = entries.length < source.pageSize;
    // The tag is worth something only for the page that the next run asks for first.
    const isSame = isLast && newest <= since && page === 0;
    mark = { since: maxOf(since, newest), ...(isSame ? { url: url.href, etag: answer.etag } : {}) };
    await marks.save(source.name, mark, { signal });
    if (isLast) return total;
    page = newest > since ? 0 : page + 1;
    since = maxOf(since, newest);
  }
  throw new FeedError('malformed', source.name, `it gives more than ${MOST_PAGES} pages`);
}

/**
 * Those that changed after the list was made are no mark: where an entry is read by itself (Launchpad), it may have
 * moved to the end since, and what stood between would never be read. Test: "loses nothing while entries change".
 */
function newestOf<T>(source: ChangeSource<T>, entries: readonly T[], headers: Headers): string | undefined {
  const listedAt = Date.parse(headers.get('date') ?? '');
  return entries
    .map((entry) => source.changedAt(entry))
    .filter((time) => Number.isNaN(listedAt) || Date.parse(time) < listedAt)
    .sort()
    .at(-1);
}

const maxOf = (a: string, b: string): string => (a > b ? a : b);

async function entriesOf<T>(
  source: ChangeSource<T>,
  body: unknown,
  options: CallOptions,
): Promise<readonly T[]> {
  try {
    return await source.entries(body, options);
  } catch (cause) {
    if (cause instanceof FeedError || options.signal?.aborted) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FeedError('malformed', source.name, `the answer is not what such a service says: ${why}`, {
      cause,
    });
  }
}
