/** Feeds that begin with the newest entry: read until what was read before, however long ago that was. */
import { isoDay } from '../../../lib/clock.ts';
import type { CallOptions } from '../../../model/report.ts';
import type { ReadMarks } from '../../tables/read-marks.ts';
import type { FeedClient } from '../feed-client.ts';
import { FeedError } from '../feed-error.ts';
import type { Release } from './release-feed.ts';

/** An entry with its time, ISO 8601; null for one that is no release, or not yet. */
export type Found = { readonly release: Release; readonly at: string } | null;

interface NewestFirst {
  readonly name: string;
  readonly client: FeedClient;
  readonly pageSize: number;
  pageUrl(page: number): URL;
  entries(body: unknown): readonly Found[];
}

const MOST_PAGES = 1000;
/** Releases are published late, or with an earlier date: those of some days are read again. */
const OVERLAP_MS = 14 * 86_400_000;

export async function readNewestFirst(
  source: NewestFirst,
  marks: ReadMarks,
  take: (releases: readonly Release[]) => Promise<void>,
  { signal }: CallOptions,
): Promise<void> {
  const mark = await marks.of(source.name, { signal });
  const until = mark.since === undefined ? '' : new Date(Date.parse(mark.since) - OVERLAP_MS).toISOString();
  let newest = mark.since ?? '';
  let first: { readonly url: string; readonly etag: string | undefined } | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const url = source.pageUrl(page);
    const etag = page === 0 && mark.url === url.href ? mark.etag : undefined;
    const answer = await source.client.get(url, { signal, etag });
    if (answer.body === undefined) return;
    first ??= { url: url.href, etag: answer.etag };
    const entries = entriesOf(source, answer.body);
    const found = entries.filter((entry) => entry !== null);
    await take(found.map(({ release }) => release));
    newest = [newest, ...found.map(({ at }) => at)].sort().at(-1) ?? newest;
    const isPassed = found.length > 0 && found.every(({ at }) => at < until);
    if (entries.length < source.pageSize || isPassed) {
      await marks.save(source.name, { since: newest || undefined, ...first }, { signal });
      return;
    }
  }
  throw new FeedError('malformed', source.name, `it gives more than ${MOST_PAGES} pages`);
}

function entriesOf(source: NewestFirst, body: unknown): readonly Found[] {
  return orMalformed(source.name, () => source.entries(body));
}

/** What is wrong with an answer, as a failure of the feed. */
export function orMalformed<T>(feed: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof FeedError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FeedError('malformed', feed, `the answer is not what such a service says: ${why}`, { cause });
  }
}

export const dayOfTime = (time: string): string => isoDay(new Date(time));
