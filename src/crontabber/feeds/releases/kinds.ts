/** The feeds of releases that can be read. */
import github from './github.ts';
import gitlab from './gitlab.ts';
import json from './json.ts';
import launchpad from './launchpad.ts';
import productDetails from './product-details.ts';
import type { ReleaseFeedKind } from './release-feed.ts';

export const RELEASE_FEEDS: readonly ReleaseFeedKind[] = [github, gitlab, json, launchpad, productDetails];
