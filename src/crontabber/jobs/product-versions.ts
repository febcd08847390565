/** Versions that crashes have become known. */
import { DAY_MS, daysBefore, isoDay } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Facet, FacetBucket } from '../../search/query.ts';
import { type CrashStorage, need } from '../../storage/contract.ts';
import { daysBetween } from '../../storage/transfer/ids.ts';
import { defineJob } from '../job.ts';
import { isVersionName, KnownVersions, type VersionName } from '../tables/known-versions.ts';
import { ReadMarks } from '../tables/read-marks.ts';

const MOST = { products: 200, channels: 50, versions: 500 } as const;

/** Crashes that were late in the queue have the day on which they came. */
const LATE_DAYS = 1;
/** After a longer pause, what came before is left to `--from`. */
const CATCH_UP_DAYS = 60;

const versions: Facet = { field: 'version', size: MOST.versions };
const FACETS: readonly Facet[] = [
  {
    field: 'product',
    size: MOST.products,
    // A facet leaves out what has no value: versions are counted beside the channels, too.
    by: [versions, { field: 'release_channel', size: MOST.channels, by: [versions] }],
  },
];

const inside = (bucket: FacetBucket, field: string): readonly FacetBucket[] => bucket.facets?.[field] ?? [];

/** Products, channels and versions with their crashes; those without a channel have an empty one. */
function* counted(products: readonly FacetBucket[]): Generator<VersionName & { readonly count: number }> {
  for (const product of products) {
    const rest = new Map(inside(product, 'version').map(({ term, count }) => [term, count]));
    for (const channel of inside(product, 'release_channel')) {
      for (const { term, count } of inside(channel, 'version')) {
        rest.set(term, (rest.get(term) ?? 0) - count);
        yield { product: product.term, channel: channel.term, version: term, count };
      }
    }
    for (const [version, count] of rest)
      if (count > 0) yield { product: product.term, channel: '', version, count };
  }
}

const isFull = (products: readonly FacetBucket[]): boolean =>
  products.length >= MOST.products || products.some((p) => inside(p, 'version').length >= MOST.versions);

async function seenOn(
  day: string,
  search: CrashStorage<'search'>,
  { min, log, signal }: CallOptions & { readonly min: number; readonly log: Log },
): Promise<readonly VersionName[]> {
  const from = new Date(`${day}T00:00:00Z`);
  const query = {
    from,
    to: new Date(from.getTime() + DAY_MS),
    filters: [],
    columns: ['uuid'],
    facets: FACETS,
    limit: 0,
  };
  const { facets, warnings } = await search.search(query, { signal });
  const products = facets['product'] ?? [];
  if (warnings.length > 0) throw new Error(`the search of ${day} is not whole: ${warnings.join('; ')}`);
  if (isFull(products))
    log.warn({ day, ...MOST }, 'more versions than are looked at; the rarest are left out');
  return [...counted(products)]
    .filter((found) => found.count >= min && isVersionName(found))
    .map(({ product, channel, version }) => ({ product, channel, version }));
}

export default defineJob({
  name: 'product-versions',
  every: '1h',
  timeoutMs: 1_800_000,
  needs: ['stores', 'database', 'settings'],
  async run({ period, signal, log }, { stores, database, settings }) {
    const search = need(await stores.search(), 'product-versions', 'search');
    const known = new KnownVersions(database);
    const marks = new ReadMarks(database, 'product-versions', {});
    const { since } = await marks.of('day', { signal });
    const earliest = isoDay(daysBefore(period.to, CATCH_UP_DAYS));
    const first = isoDay(daysBefore(period.from, LATE_DAYS));
    const last = isoDay(new Date(period.to.getTime() - 1));
    const from = since !== undefined && since < first && since > earliest ? since : first;
    let count = 0;
    for (const day of daysBetween(from, last)) {
      const found = await seenOn(day, search, { min: settings.product_versions_min_crashes, log, signal });
      await known.saw(found, [day, day], { signal });
      count += found.length;
      if (since === undefined || day > since) await marks.save('day', { since: day }, { signal });
    }
    log.info({ versions: count }, 'versions seen');
  },
});
