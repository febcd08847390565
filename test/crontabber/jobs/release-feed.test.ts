/** `release-feed`: every release that a project names becomes known, once. */
import { expect, it } from 'vitest';
import releaseFeed from '../../../src/crontabber/jobs/release-feed.ts';
import { KnownVersions } from '../../../src/crontabber/tables/known-versions.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { feedServer, withTag } from '../feeds/feed-server.ts';
import { FEEDS, type ReleaseFeed, release } from '../feeds/release-servers.ts';
import { openBench, runJob } from './job-bench.ts';

onEachDialect((dialect) => {
  it.each(Object.entries(FEEDS))(
    'releases of %s: all of them, catching up, and nothing new',
    async (kind, { entry, answer, tagged }) => {
      const database = await openBench(dialect);
      const all = Array.from({ length: 250 }, (_, i) =>
        release(`${i + 1}.0`, new Date(Date.UTC(2020, 0, 1 + i * 4)).toISOString().slice(0, 10)),
      );
      const server = await feedServer((asked) => {
        const answered = answer(asked, all);
        const tag = `"${all.length}-${asked.url.pathname}${asked.url.search}"`;
        return answered.status === undefined && tagged ? withTag(asked, tag, answered.body) : answered;
      });
      const feeds = JSON.stringify([{ name: 'fox', kind, url: server.url.href, ...entry }]);
      const run = () =>
        runJob(releaseFeed, { settings: { release_feed_feeds: feeds }, services: { database } });
      await run();
      const known = new KnownVersions(database);
      const find = async (version: string) => (await known.list()).find((v) => v.version === version);
      expect(await known.list()).toHaveLength(250);
      expect(await find('1.0')).toMatchObject({ product: 'Fox', channel: 'release', released: '2020-01-01' });
      // Away for a year: everything that came since, and no more than that.
      for (let i = 0; i < 150; i += 1)
        all.push(release(`${251 + i}.0`, new Date(Date.UTC(2024, 0, 1 + i * 2)).toISOString().slice(0, 10)));
      all.push(release('401.0b3', '2024-11-01'));
      const before = server.asked.length;
      await run();
      expect(await known.list()).toHaveLength(401);
      if (kind !== 'launchpad' && kind !== 'gitlab')
        expect(await find('401.0b3')).toMatchObject({ channel: 'beta' });
      if (kind === 'github' || kind === 'gitlab') expect(server.asked.length - before).toBeLessThanOrEqual(3);
      if (!tagged) return;
      server.asked.length = 0;
      await run();
      expect(server.asked.every(({ headers }) => headers['if-none-match'] !== undefined)).toBe(true);
      expect(server.asked.length).toBe(kind === 'product-details' ? 3 : 1);
    },
  );

  it('a feed that ends early is read again from the top', async () => {
    const database = await openBench(dialect);
    const all = Array.from({ length: 150 }, (_, i) => release(`${i}.1`, '2024-01-01'));
    const { entry, answer } = FEEDS['github'] as ReleaseFeed;
    let isBroken = true;
    const server = await feedServer((asked) =>
      isBroken && asked.url.searchParams.get('page') === '2' ? { status: 400 } : answer(asked, all),
    );
    const feeds = JSON.stringify([{ name: 'fox', kind: 'github', url: server.url.href, ...entry }]);
    const run = () =>
      runJob(releaseFeed, { settings: { release_feed_feeds: feeds }, services: { database } });
    await expect(run()).rejects.toMatchObject({ code: 'refused' });
    isBroken = false;
    await run();
    expect(await new KnownVersions(database).list()).toHaveLength(150);
  });

  it.each([
    ['github', { message: 'Not Found' }],
    ['github', [{ tag_name: 'v1', published_at: 'yesterday' }]],
    ['gitlab', [{ tag_name: 7 }]],
    [
      'launchpad',
      {
        entries: [{ version: '1', date_released: '2024-01-01' }],
        next_collection_link: 'https://elsewhere.example/',
      },
    ],
    ['product-details', []],
    ['json', [{ version: '1.0' }]],
  ])('an answer of %s that is none is refused: %j', async (kind, body) => {
    const database = await openBench(dialect);
    const server = await feedServer(() => ({ body }));
    const feeds = JSON.stringify([{ name: 'fox', kind, url: server.url.href, ...FEEDS[kind]?.entry }]);
    await expect(
      runJob(releaseFeed, { settings: { release_feed_feeds: feeds }, services: { database } }),
    ).rejects.toMatchObject({ code: 'malformed' });
  });
});
