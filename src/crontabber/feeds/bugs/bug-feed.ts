/** What an adapter for a tracker is: from an entry of JOB_BUGS_FEEDS to a source of changed bugs. */
import type { BugChange } from '../../tables/bugs.ts';
import type { ChangeSource } from '../changes.ts';
import type { FeedKind } from '../choose.ts';

export type BugFeedKind = FeedKind<ChangeSource<BugChange>>;

/** Titles of bugs that only a token opens are not for pages that everybody sees. */
export const titleFor = (token: string | undefined, title: string): string | undefined =>
  token === undefined ? title.slice(0, 300) : undefined;

/** Without milliseconds: not every service reads them. Earlier rather than later, as what comes twice does no harm. */
export const wholeSecond = (time: string): string => time.replace(/\.\d+Z$/, 'Z');
