/** `product-versions`, `release-feed` and `featured-versions`: what is known of versions, and what is shown first. */
import { describe, expect, it } from 'vitest';
import featuredVersions, { chooseFeatured } from '../../../src/crontabber/jobs/featured-versions.ts';
import productVersions from '../../../src/crontabber/jobs/product-versions.ts';
import releaseFeed from '../../../src/crontabber/jobs/release-feed.ts';
import {
  isVersionName,
  type KnownVersion,
  KnownVersions,
} from '../../../src/crontabber/tables/known-versions.ts';
import type { Database } from '../../../src/database/contract.ts';
import type { FullStore, Store } from '../../../src/storage/contract.ts';
import { postgresMissing } from '../../build/postgres.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { type Answer, type Asked, feedServer, withTag } from '../feeds/feed-server.ts';
import { dayEnding, openBench, runJob, storesOf } from './job-bench.ts';
import { crashOn, postgresStore, processedOf, sqliteStore } from './stored-crashes.ts';

const see = (
  database: Database,
  search: Store,
  to: string,
  settings: Readonly<Record<string, unknown>> = {},
) =>
  runJob(productVersions, {
    period: dayEnding(to),
    settings,
    services: { database, stores: storesOf({ search }) },
  });

async function crash(
  store: Store,
  day: string,
  product: string,
  version: string,
  channel?: string,
): Promise<void> {
  const raw = crashOn(day);
  const more = { product, version, ...(channel === undefined ? {} : { release_channel: channel }) };
  await (store as FullStore).saveProcessed(raw, processedOf(raw, more));
}

const short = ({ product, channel, version, firstSeen, lastSeen }: KnownVersion): string =>
  `${product} ${channel || '-'} ${version} ${firstSeen ?? ''} ${lastSeen ?? ''}`.trim();

async function exercise(database: Database, store: Store): Promise<void> {
  await crash(store, '2024-11-20', 'Fox', '9.0', 'release');
  await crash(store, '2024-11-20', 'Fox', '10.0', 'release');
  await crash(store, '2024-11-20', 'Fox', '10.0');
  await crash(store, '2024-11-20', 'Bird', '1.0b2', 'beta');
  await crash(store, '2024-11-19', 'Fox', '9.0', 'release');
  await crash(store, '2024-11-10', 'Fox', '8.0', 'release');
  const known = new KnownVersions(database);
  await see(database, store, '2024-11-21');
  await see(database, store, '2024-11-21');
  expect((await known.list()).map(short)).toEqual([
    'Bird beta 1.0b2 2024-11-20 2024-11-20',
    'Fox - 10.0 2024-11-20 2024-11-20',
    'Fox release 10.0 2024-11-20 2024-11-20',
    'Fox release 9.0 2024-11-19 2024-11-20',
  ]);
  // A missed period, later: the first day moves back, the last one stays.
  await see(database, store, '2024-11-11');
  await crash(store, '2024-11-10', 'Fox', '9.0', 'release');
  await see(database, store, '2024-11-11');
  expect((await known.list()).map(short)).toContain('Fox release 9.0 2024-11-10 2024-11-20');
  expect((await known.list()).map(short)).toContain('Fox release 8.0 2024-11-10 2024-11-10');
}

onEachDialect((dialect) => {
  it('versions seen become known, with their days', async () => {
    await exercise(await openBench(dialect), await sqliteStore('index'));
  });

  it('catches up with the days on which it did not run', async () => {
    const [database, store] = [await openBench(dialect), await sqliteStore('index')];
    await see(database, store, '2024-09-01');
    for (const day of ['2024-09-02', '2024-09-20', '2024-10-10'])
      await crash(store, day, 'Fox', `1.${day.slice(5)}`);
    await see(database, store, '2024-10-12');
    const versions = async () =>
      (await new KnownVersions(database).list()).map(({ version }) => version).sort();
    expect(await versions()).toEqual(['1.09-02', '1.09-20', '1.10-10']);
    // The past again by hand does not make the next run begin there.
    await crash(store, '2024-01-01', 'Fox', '0.1');
    await see(database, store, '2024-01-02');
    await crash(store, '2024-09-03', 'Fox', '0.2');
    await see(database, store, '2024-10-12');
    expect(await versions()).toEqual(['0.1', '1.09-02', '1.09-20', '1.10-10']);
  });

  it('a version that one crash claims need not become known', async () => {
    const [database, store] = [await openBench(dialect), await sqliteStore('index')];
    for (const version of ['10.0', '10.0', '999'])
      await crash(store, '2024-11-20', 'Fox', version, 'release');
    await see(database, store, '2024-11-21', { product_versions_min_crashes: '2' });
    expect((await new KnownVersions(database).list()).map(({ version }) => version)).toEqual(['10.0']);
  });

  it('features the newest of each product and channel, and no others', async () => {
    const database = await openBench(dialect);
    const known = new KnownVersions(database);
    const name = (version: string, channel = 'release') => ({ product: 'Fox', channel, version });
    await known.saw(
      [name('9.0'), name('10.0'), name('108.0b3', 'beta'), name('99.0b1', 'beta')],
      ['2024-11-01', '2024-11-20'],
    );
    const featured = async () => (await known.list()).filter((v) => v.featured).map(({ version }) => version);
    const run = (settings = {}) => runJob(featuredVersions, { settings, services: { database } });
    await run();
    expect(await featured()).toEqual(['108.0b3', '10.0']);
    await run({ featured_versions_count: '2' });
    expect(await featured()).toEqual(['108.0b3', '99.0b1', '10.0', '9.0']);
    // Somebody says what was released, and 10.0 is not: it comes from one person's build.
    await known.released([
      { ...name('9.0'), day: '2024-10-01' },
      { ...name('11.0'), day: '2025-02-01' },
    ]);
    await run();
    expect(await featured()).toEqual(['108.0b3', '9.0']);
    await run({ featured_versions_count: '0' });
    expect(await featured()).toEqual([]);
  });
});

describe.skipIf(postgresMissing !== undefined)('an index in PostgreSQL', () => {
  it('versions seen become known, with their days', async () => {
    const { url, store } = await postgresStore('index');
    const { openDatabase } = await import('../../../src/database/open.ts');
    const { migrate } = await import('../../../src/database/migrate.ts');
    const { silentLog } = await import('../../../src/lib/log.ts');
    const { JOB_DATA_MIGRATIONS } = await import('../../../src/crontabber/tables/migrations.ts');
    const database = await openDatabase(url, { log: silentLog });
    try {
      await migrate(database, JOB_DATA_MIGRATIONS);
      await exercise(database, store);
    } finally {
      await database.close();
    }
  });
});

const release = (version: string, day: string, more = {}) => ({ version, day, ...more });

/** The newest first, as GitHub and GitLab give them. */
function releasesPage(
  asked: Asked,
  all: readonly ReturnType<typeof release>[],
): readonly ReturnType<typeof release>[] {
  const size = Number(asked.url.searchParams.get('per_page'));
  const page = Number(asked.url.searchParams.get('page'));
  return [...all].sort((a, b) => (a.day < b.day ? 1 : -1)).slice((page - 1) * size, page * size);
}

interface Feed {
  readonly entry: Readonly<Record<string, string>>;
  answer(asked: Asked, all: readonly ReturnType<typeof release>[]): Answer;
  /** That its first page, or all of it, is asked for with a tag. */
  readonly tagged: boolean;
}

const FEEDS: Readonly<Record<string, Feed>> = {
  github: {
    entry: { repository: 'fox/fox', product: 'Fox' },
    tagged: true,
    answer: (asked, all) =>
      asked.url.pathname === '/repos/fox/fox/releases'
        ? {
            body: releasesPage(asked, all).map(({ version, day }) => ({
              tag_name: `v${version}`,
              draft: false,
              prerelease: /b/.test(version),
              published_at: `${day}T10:00:00Z`,
            })),
          }
        : { status: 404 },
  },
  gitlab: {
    entry: { project: 'gnome/fox', product: 'Fox' },
    tagged: true,
    answer: (asked, all) =>
      asked.url.pathname === '/api/v4/projects/gnome%2Ffox/releases'
        ? {
            body: releasesPage(asked, all).map(({ version, day }) => ({
              tag_name: `release/${version}`,
              released_at: `${day}T10:00:00.000+02:00`,
              upcoming_release: false,
            })),
          }
        : { status: 404 },
  },
  launchpad: {
    entry: { project: 'fox', product: 'Fox' },
    tagged: false,
    answer({ url, headers }, all) {
      const start = Number(url.searchParams.get('ws.start') ?? 0);
      const size = Number(url.searchParams.get('ws.size'));
      const entries = all
        .slice(start, start + size)
        .map(({ version, day }) => ({ version, date_released: `${day}T00:00:00+00:00` }));
      const next = `http://${headers.host}/fox/releases?ws.size=${size}&ws.start=${start + size}`;
      return {
        body: {
          start,
          total_size: all.length,
          entries,
          ...(start + size < all.length ? { next_collection_link: next } : {}),
        },
      };
    },
  },
  'product-details': {
    entry: { file: 'fox', product: 'Fox' },
    tagged: true,
    answer({ url }, all) {
      const kind = /^\/fox_history_(\w+)_releases\.json$/.exec(url.pathname)?.[1];
      const isOf = (version: string): boolean =>
        /b/.test(version)
          ? kind === 'development'
          : (kind === 'stability') === /\.\d+\./.test(version) && kind !== 'development';
      return kind
        ? { body: Object.fromEntries(all.filter((r) => isOf(r.version)).map((r) => [r.version, r.day])) }
        : { status: 404 };
    },
  },
  json: {
    entry: { product: 'Fox' },
    tagged: true,
    answer: (_, all) => ({
      body: all.map(({ version, day }) => ({
        version,
        released: day,
        ...(/b/.test(version) ? { channel: 'beta' } : {}),
      })),
    }),
  },
};

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
    const { entry, answer } = FEEDS['github'] as Feed;
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

describe('versions', () => {
  it('are what a person would write, and a database takes', () => {
    const name = { product: 'Fox', channel: '', version: '1' };
    expect(isVersionName(name)).toBe(true);
    expect(isVersionName({ ...name, version: '' })).toBe(false);
    expect(isVersionName({ ...name, version: 'a\u0000b' })).toBe(false);
    expect(isVersionName({ ...name, product: 'x'.repeat(201) })).toBe(false);
  });

  it('that nobody saw for long are not featured', () => {
    const version = {
      product: 'P',
      channel: 'c',
      version: '1',
      firstSeen: '2020-01-01',
      lastSeen: '2024-05-24',
      released: undefined,
      featured: false,
    };
    const at = (day: string, since: string) => chooseFeatured([version], { day, since, count: 1 });
    expect(at('2024-11-20', '2024-05-24')).toHaveLength(1);
    expect(at('2024-11-21', '2024-05-25')).toHaveLength(0);
    expect(at('2024-05-23', '2024-01-01')).toHaveLength(0);
  });
});
