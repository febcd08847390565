/** `product-versions` and `featured-versions`: what is known of versions, and what is shown first. */
import { describe, expect, it } from 'vitest';
import featuredVersions, { chooseFeatured } from '../../../src/crontabber/jobs/featured-versions.ts';
import productVersions from '../../../src/crontabber/jobs/product-versions.ts';
import {
  isVersionName,
  type KnownVersion,
  KnownVersions,
} from '../../../src/crontabber/tables/known-versions.ts';
import { JOB_DATA_MIGRATIONS } from '../../../src/crontabber/tables/migrations.ts';
import type { Database } from '../../../src/database/contract.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { FullStore, Store } from '../../../src/storage/contract.ts';
import { postgresMissing } from '../../build/postgres.ts';
import { onEachDialect } from '../../database/dialects.ts';
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
    const database = await openDatabase(url, { log: silentLog });
    try {
      await migrate(database, JOB_DATA_MIGRATIONS);
      await exercise(database, store);
    } finally {
      await database.close();
    }
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
