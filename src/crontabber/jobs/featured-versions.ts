/** The versions that people look at first: the newest of each product and channel. */
import { isoDay } from '../../lib/clock.ts';
import { defineJob } from '../job.ts';
import { type KnownVersion, KnownVersions } from '../tables/known-versions.ts';

const groupOf = ({ product, channel }: KnownVersion): string => JSON.stringify([product, channel]);

/** `known` has the newest version of each product and channel first. */
export function chooseFeatured(
  known: readonly KnownVersion[],
  { day, since, count }: { readonly day: string; readonly since: string; readonly count: number },
): readonly KnownVersion[] {
  const isOut = ({ released }: KnownVersion): boolean => released !== undefined && released <= day;
  // Anybody can send a crash of version 999: where somebody says what was released, nothing else is featured.
  const told = new Set(known.filter(isOut).map(groupOf));
  const chosen = new Map<string, KnownVersion[]>();
  for (const version of known) {
    const group = groupOf(version);
    const isFresh = [version.lastSeen, version.released].some(
      (at) => at !== undefined && at >= since && at <= day,
    );
    const list = chosen.get(group) ?? [];
    if (!isFresh || (told.has(group) && !isOut(version)) || list.length >= count) continue;
    chosen.set(group, [...list, version]);
  }
  return [...chosen.values()].flat();
}

export default defineJob({
  name: 'featured-versions',
  every: '1h',
  after: ['release-feed', 'product-versions'],
  timeoutMs: 600_000,
  needs: ['database', 'settings'],
  async run({ period, signal, log }, { database, settings }) {
    const known = new KnownVersions(database);
    const featured = chooseFeatured(await known.list({ signal }), {
      day: isoDay(period.to),
      since: isoDay(new Date(period.to.getTime() - settings.featured_versions_seen_within)),
      count: settings.featured_versions_count,
    });
    await known.feature(featured, { signal });
    log.info({ featured: featured.length }, 'versions featured');
  },
});
