/** `auxilio db` and `auxilio update-data`, as an operator runs them. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bugs } from '../../src/crontabber/tables/bugs.ts';
import { KnownVersions } from '../../src/crontabber/tables/known-versions.ts';
import type { Database } from '../../src/database/contract.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { feedServer } from '../crontabber/feeds/feed-server.ts';
import { manyIssues, startTracker } from '../crontabber/feeds/trackers.ts';
import { onEachDialect, type Place } from '../database/dialects.ts';

const run = promisify(execFile);
const auxilio = join(import.meta.dirname, '../../src/app/bin/auxilio.ts');

let folder: string;
let place: Place;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function command(words: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    DATA_DIR: join(folder, 'data'),
    DATABASE_URL: place.url,
    ...environment,
  };
  try {
    const { stdout, stderr } = await run(process.execPath, [auxilio, ...words.split(' ')], {
      cwd: folder,
      env,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(place.url, { log: silentLog });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

const versions = () =>
  withDatabase(async (database) => (await new KnownVersions(database).list()).map(({ version }) => version));
const know = (version: string) =>
  withDatabase((database) =>
    new KnownVersions(database).saw([{ product: 'Fox', channel: '', version }], ['2024-11-20', '2024-11-20']),
  );

onEachDialect((dialect) => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auxilio-db-'));
    place = await dialect.make();
  });
  afterEach(async () => {
    await place.remove();
    await rm(folder, { recursive: true, force: true });
  });

  describe('auxilio db', () => {
    it('migrates once, and says how it stands', { timeout: 60_000 }, async () => {
      const before = await command('db status --format json');
      expect(before.code).toBe(1);
      const pending = JSON.parse(before.stdout) as readonly { readonly state: string }[];
      expect(pending.every(({ state }) => state === 'pending')).toBe(true);
      if (dialect.engine === 'sqlite') expect(existsSync(place.url.slice('sqlite:'.length))).toBe(false);
      const [first, second] = [await command('db migrate'), await command('db migrate')];
      expect([first.code, second.code]).toEqual([0, 0]);
      expect(first.stdout.trim().split('\n')).toHaveLength(pending.length);
      expect(second.stdout).toContain('up to date');
      const after = await command('db status --format csv');
      expect([after.code, after.stdout]).toEqual([0, expect.not.stringContaining('pending')]);
      await withDatabase(async (database) => {
        await database
          .tables<{ auxilio_migration: { name: string; applied_at: string } }>()
          .insertInto('auxilio_migration')
          .values({ name: 'web/9999_of_tomorrow', applied_at: '2030-01-01T00:00:00.000Z' })
          .execute();
      });
      const newer = await command('db status');
      expect([newer.code, newer.stdout]).toEqual([0, expect.stringContaining('of a newer version')]);
    });

    it('brings a copy back, and keeps what was there', { timeout: 180_000 }, async () => {
      await command('db migrate');
      await know('1.0');
      const copied = await command('db backup');
      expect([copied.stderr, copied.code]).toEqual(['', 0]);
      await know('2.0');
      expect(await command('db restore')).toMatchObject({ code: 2 });
      expect(await versions()).toEqual(['2.0', '1.0']);
      const restored = await command('db restore --yes');
      expect([restored.stderr, restored.code]).toEqual(['', 0]);
      expect(await versions()).toEqual(['1.0']);
      const copies = (await readdir(join(folder, 'data/backups'))).sort();
      expect(copies).toHaveLength(2);
      await command(`db restore --yes data/backups/${copies[1]}`);
      expect(await versions()).toEqual(['2.0', '1.0']);
      expect((await command('db restore --list')).stdout.trim().split('\n')).toHaveLength(3);
      for (const words of ['db restore', 'db restore --yes'])
        expect(await command(`${words} data/backups/none.db`)).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/none\.db cannot be read \(ENOENT\)\n$/),
        });
    });
  });

  it('auxilio update-data reads every feed at once', { timeout: 60_000 }, async () => {
    const tracker = await startTracker('github');
    tracker.issues.push(...manyIssues(3));
    const releases = await feedServer(() => ({ body: [{ version: '7.0', released: '2024-11-01' }] }));
    const environment = {
      JOB_BUGS_FEEDS: JSON.stringify([tracker.feed]),
      JOB_RELEASE_FEED_FEEDS: JSON.stringify([
        { name: 'fox', kind: 'json', url: releases.url.href, product: 'Fox' },
      ]),
      JOB_FEATURED_VERSIONS_SEEN_WITHIN: '9999d',
    };
    const ended = await command('update-data', environment);
    expect(ended.stdout.trim().split('\n')).toEqual([
      'release-feed: done',
      'product-versions: done',
      'featured-versions: done',
      'bugs: done',
    ]);
    expect(ended.code).toBe(0);
    await withDatabase(async (database) => {
      expect(await new Bugs(database).of('thing::number2')).toHaveLength(1);
      expect(await new KnownVersions(database).list()).toMatchObject([{ version: '7.0', featured: true }]);
    });
    const left = await command('update-data', { ...environment, CRONTABBER_JOBS: '-bugs' });
    expect([left.code, left.stdout]).toEqual([
      0,
      expect.stringContaining('bugs: left out by CRONTABBER_JOBS'),
    ]);
    const recorded = await withDatabase((database) =>
      database
        .tables<{ crontabber_run: { app_name: string; outcome: string } }>()
        .selectFrom('crontabber_run')
        .select(['app_name', 'outcome'])
        .where('app_name', '=', 'bugs')
        .execute(),
    );
    expect(recorded).toHaveLength(1);
    tracker.onAsk = () => ({ status: 404 });
    const failed = await command('update-data', environment);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringMatching(/bugs: FeedError: feed github/)]);
    expect(failed.stdout).toContain('featured-versions: done');
  });
});
