/** Mozilla's product-details (https://product-details.mozilla.org/1.0/): `{"firefox": …_history_…_releases.json}`, all of them each time. */
import type { CallOptions } from '../../../model/report.ts';
import type { ReadMarks } from '../../tables/read-marks.ts';
import { below, textKey } from '../choose.ts';
import { FeedClient } from '../feed-client.ts';
import { objectOf, timeOf } from '../shape.ts';
import { dayOfTime, orMalformed } from './newest-first.ts';
import type { Release, ReleaseFeedKind } from './release-feed.ts';

const FILES = {
  history_major_releases: 'release',
  history_stability_releases: 'release',
  history_development_releases: 'beta',
} as const;

/** Development releases are betas and, before 2011 and from `a` on, alphas; ESR carries its channel in the version. */
function channelOf(version: string, channel: string): string {
  if (/esr$/.test(version)) return 'esr';
  return /a\d/.test(version) ? 'aurora' : channel;
}

const productDetails: ReleaseFeedKind = {
  kind: 'product-details',
  keys: {
    file: 'in front of `_history_major_releases.json`, like `firefox`; "url" is https://product-details.mozilla.org/1.0',
    product: 'as crashes name it',
  },
  open(options) {
    const { name, url: base } = options;
    const file = textKey(options, 'file', { pattern: /^\w+$/ });
    const product = textKey(options, 'product');
    const client = new FeedClient({ feed: name, ...options.client });

    async function readFile(
      kind: keyof typeof FILES,
      marks: ReadMarks,
      take: (releases: readonly Release[]) => Promise<void>,
      { signal }: CallOptions,
    ): Promise<void> {
      const mark = `${name}:${kind}`;
      const url = below(base, `${file}_${kind}.json`);
      const known = await marks.of(mark, { signal });
      const etag = known.url === url.href ? known.etag : undefined;
      const answer = await client.get(url, { signal, etag });
      if (answer.body === undefined) return;
      const releases = orMalformed(name, () =>
        Object.entries(objectOf(answer.body, 'the answer')).map(([version, day]) => ({
          product,
          channel: channelOf(version, FILES[kind]),
          version,
          day: dayOfTime(timeOf(day, version)),
        })),
      );
      await take(releases);
      await marks.save(mark, { url: url.href, etag: answer.etag }, { signal });
    }

    return {
      name,
      async read(marks, take, how) {
        for (const kind of Object.keys(FILES) as (keyof typeof FILES)[])
          await readFile(kind, marks, take, how);
      },
    };
  },
};
export default productDetails;
