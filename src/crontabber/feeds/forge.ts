/** What GitHub and GitLab have in common. */
import type { FeedClient } from './feed-client.ts';

export interface ForgeProject {
  readonly client: FeedClient;
  /** Of a collection in it: `issues`, `releases`. */
  url(collection: string): URL;
}

/** Entries to a page: the most that either gives. */
export const PAGE = 100;

/** The page of a collection, the first is 0; they begin with 1. */
export function onPage(url: URL, page: number): URL {
  url.searchParams.set('per_page', String(PAGE));
  url.searchParams.set('page', String(page + 1));
  return url;
}
