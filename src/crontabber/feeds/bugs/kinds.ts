/** The trackers that can be read. */
import type { BugFeedKind } from './bug-feed.ts';
import bugzilla from './bugzilla.ts';
import github from './github.ts';
import gitlab from './gitlab.ts';
import launchpad from './launchpad.ts';

export const BUG_FEEDS: readonly BugFeedKind[] = [bugzilla, github, gitlab, launchpad];
