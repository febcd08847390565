/** What the formats of the settings cannot say: at the start, and by `--configtest`, rather than at night. */
import { BUG_FEEDS } from './feeds/bugs/kinds.ts';
import { openFeeds } from './feeds/choose.ts';
import { RELEASE_FEEDS } from './feeds/releases/kinds.ts';
import type { JobSettings } from './job-settings.ts';
import { drainPair } from './jobs/spool-and-store-care.ts';

/** Throws `SettingsError` for the first that is wrong. Asks nobody, and opens no file. */
export function checkJobSettings(settings: JobSettings): void {
  openFeeds(BUG_FEEDS, {
    setting: 'JOB_BUGS_FEEDS',
    entries: settings.bugs_feeds,
    tokens: settings.bugs_tokens,
  });
  openFeeds(RELEASE_FEEDS, {
    setting: 'JOB_RELEASE_FEED_FEEDS',
    entries: settings.release_feed_feeds,
    tokens: settings.release_feed_tokens,
  });
  for (const pair of settings.spool_and_store_care_drain) drainPair(pair);
}
