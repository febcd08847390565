/** Versions become known when they are released, by the feeds of those who make them. */
import { Failures } from '../failures.ts';
import { openFeeds } from '../feeds/choose.ts';
import { RELEASE_FEEDS } from '../feeds/releases/kinds.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import { isVersionName, KnownVersions } from '../tables/known-versions.ts';
import { ReadMarks } from '../tables/read-marks.ts';

export default defineJob({
  name: 'release-feed',
  every: '1h',
  timeoutMs: 1_800_000,
  needs: ['database', 'settings'],
  async run({ signal, log }, { database, settings }) {
    const entries = settings.release_feed_feeds;
    if (entries.length === 0) return sayIdle(log, 'release-feed', 'JOB_RELEASE_FEED_FEEDS');
    const sources = openFeeds(RELEASE_FEEDS, {
      setting: 'JOB_RELEASE_FEED_FEEDS',
      entries,
      tokens: settings.release_feed_tokens,
    });
    const known = new KnownVersions(database);
    const failures = new Failures(signal);
    for (const [at, source] of sources.entries()) {
      const marks = new ReadMarks(database, 'release-feed', entries[at] ?? {});
      await failures.catch(source.name, async () => {
        let count = 0;
        const take = async (releases: Parameters<typeof known.released>[0]): Promise<void> => {
          const named = releases.filter(isVersionName);
          // One version twice in one statement is refused by databases: the later one holds.
          const unique = new Map(named.map((one) => [`${one.product}\n${one.channel}\n${one.version}`, one]));
          await known.released([...unique.values()], { signal });
          count += unique.size;
        };
        await source.read(marks, take, { signal });
        log.info({ feed: source.name, releases: count }, 'releases read');
      });
    }
    failures.throw();
  },
});
