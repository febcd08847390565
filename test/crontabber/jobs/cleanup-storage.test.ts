/** The job `cleanup-storage`: what goes, what stays, and what is remembered of it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import cleanupStorage from '../../../src/crontabber/jobs/cleanup-storage.ts';
import { readHold } from '../../../src/crontabber/legal-hold.ts';
import { CleanupMarks } from '../../../src/crontabber/tables/cleanup-marks.ts';
import type { Database } from '../../../src/database/contract.ts';
import type { Store } from '../../../src/storage/contract.ts';
import { postgresMissing } from '../../build/postgres.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { benchFolder, dayEnding, openBench, runJob, settingsOf, storesOf } from './job-bench.ts';
import {
  crashOn,
  fsStore,
  idsOf,
  listed,
  postgresStore,
  saveProcessed,
  saveRaw,
  sqliteStore,
  switchable,
} from './stored-crashes.ts';

const clean = (
  database: Database,
  stores: Readonly<Record<string, Store>>,
  {
    to = '2024-11-21',
    signal,
    ...settings
  }: { readonly to?: string; readonly signal?: AbortSignal; readonly [key: string]: unknown } = {},
) =>
  runJob(cleanupStorage, {
    period: dayEnding(to),
    ...(signal ? { signal } : {}),
    settings: Object.fromEntries(
      Object.entries({ keep: '30d', ...settings }).map(([k, v]) => [`cleanup_storage_${k}`, v]),
    ),
    services: {
      database,
      stores: storesOf(stores),
      folders: { resolve: (path: string) => path } as never,
    },
  });

onEachDialect((dialect) => {
  it('removes what is older, from every store, and nothing else: border days', async () => {
    const database = await openBench(dialect);
    const [crashes, index] = [await fsStore('crashes'), await sqliteStore('index')];
    // 30 days before the end of the 20th: what came on 22 October may be as old, and no older.
    const old = [
      crashOn('2024-10-21T23:59:59.999Z'),
      crashOn('2024-10-21T00:00:00.000Z'),
      crashOn('2023-02-28'),
    ];
    const kept = [crashOn('2024-10-22T00:00:00.000Z'), crashOn('2024-11-20'), crashOn('2024-11-21')];
    for (const store of [crashes, index]) {
      await saveRaw(store, ...old, ...kept);
      await saveProcessed(store, ...old, ...kept);
    }
    await clean(database, { crashes, index });
    const days = ['2023-02-28', '2024-10-21', '2024-10-22', '2024-11-20', '2024-11-21'];
    expect(await listed(crashes, ...days)).toEqual(idsOf(...kept));
    expect(await listed(index, ...days)).toEqual(idsOf(...kept));
    // One day later, one day more; the same run again removes nothing.
    await clean(database, { crashes, index }, { to: '2024-11-22' });
    expect(await listed(crashes, ...days)).toEqual(idsOf(...kept.slice(1)));
    await clean(database, { crashes, index });
    expect(await listed(crashes, ...days)).toEqual(idsOf(...kept.slice(1)));
  });

  it.each([
    ['2023-03-01', '30d', '2023-01-30'],
    ['2024-03-01', '1d', '2024-02-29'],
    ['2025-01-01', '1y', '2024-01-02'],
    ['2024-11-02T03:30:00Z', '4w', '2024-10-05'],
  ])('a period that ends %s, and %s: the first day kept is %s', async (to, keep, first) => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const dayBefore = new Date(Date.parse(first) - 1).toISOString();
    const [gone, stays] = [crashOn(dayBefore), crashOn(`${first}T00:00:00.000Z`)];
    await saveRaw(crashes, gone, stays);
    await clean(database, { crashes }, { to, keep });
    expect(await listed(crashes, dayBefore.slice(0, 10), first)).toEqual([stays.id]);
  });

  it('without a retention removes nothing, says so once, and does not fail', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    await saveRaw(crashes, crashOn('2001-01-01'));
    const heard = await clean(database, { crashes }, { keep: '' });
    expect(await listed(crashes, '2001-01-01')).toHaveLength(1);
    const again = await clean(database, { crashes }, { keep: '' });
    const said = [...heard.lines, ...again.lines].filter(({ msg }) =>
      msg.includes('JOB_CLEANUP_STORAGE_KEEP'),
    );
    expect(said.length).toBeLessThanOrEqual(1);
    expect(settingsOf().cleanup_storage_keep).toBeNull();
  });

  it('leaves what is under legal hold, and removes it when that ends', async () => {
    const database = await openBench(dialect);
    const [crashes, index] = [await fsStore('crashes'), await sqliteStore('index')];
    const hold = join(await benchFolder(), 'hold');
    const [held, free] = [crashOn('2024-06-01'), crashOn('2024-06-01')];
    for (const store of [crashes, index]) await saveRaw(store, held, free);
    await writeFile(
      hold,
      `# case 4711\n\nbp-${held.id.toUpperCase().replace('BP-', '')}  # asked for by letter\n`,
    );
    await writeFile(hold, `\uFEFF# case 4711\r\n\r\n${held.id.toUpperCase()}  # asked for by letter\r\n`);
    await clean(database, { crashes, index }, { hold });
    for (const store of [crashes, index]) expect(await listed(store, '2024-06-01')).toEqual([held.id]);
    // Its day is cleaned, and is far behind; when the hold ends, the crash goes all the same.
    await clean(database, { crashes, index }, { hold });
    await writeFile(hold, '# closed\n');
    await clean(database, { crashes, index }, { hold });
    for (const store of [crashes, index]) expect(await listed(store, '2024-06-01')).toEqual([]);
    expect(await new CleanupMarks(database, 'crashes index').held()).toEqual([]);
  });

  it.each([
    ['is not there', undefined],
    ['has a line that is no crash id', 'de1bb258-cbbf-4589-a673-34f800160918\nde1bb258\n'],
  ])('removes nothing when the list of holds %s', async (_, text) => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    await saveRaw(crashes, crashOn('2024-06-01'));
    const hold = join(await benchFolder(), 'hold');
    if (text !== undefined) await writeFile(hold, text);
    await expect(clean(database, { crashes }, { hold })).rejects.toThrow('JOB_CLEANUP_STORAGE_HOLD');
    expect(await listed(crashes, '2024-06-01')).toHaveLength(1);
  });

  it('counts nothing as cleaned while a store is down', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const index = switchable(await sqliteStore('index'), ['list']);
    const days = ['2024-06-01', '2024-06-02', '2024-06-03'];
    const raws = days.map((day) => crashOn(day));
    for (const store of [crashes, index.store]) await saveRaw(store, ...raws);
    const marks = new CleanupMarks(database, 'crashes index');
    index.fail = (method, id) => (method === 'remove' && id === raws[1]?.id ? 'unavailable' : undefined);
    await expect(clean(database, { crashes, index: index.store })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await marks.cleanedUntil()).toBe('2024-06-02');
    // The store that lists keeps the crash, or nobody would find the rest of it again.
    expect(await listed(crashes, ...days)).toEqual(idsOf(...raws.slice(1)));
    index.fail = () => undefined;
    await clean(database, { crashes, index: index.store });
    expect(await listed(crashes, ...days)).toEqual([]);
    for (const raw of raws)
      await expect(index.store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await marks.cleanedUntil()).toBe('2024-10-22');
  });

  it('counts nothing as cleaned when a day cannot be listed', async () => {
    const database = await openBench(dialect);
    const crashes = switchable(await fsStore('crashes'));
    await saveRaw(crashes.store, crashOn('2024-06-01'), crashOn('2024-06-02'));
    crashes.fail = (method, day) => (method === 'list' && day === '2024-06-02' ? 'timeout' : undefined);
    await expect(clean(database, { crashes: crashes.store })).rejects.toMatchObject({ code: 'timeout' });
    expect(await new CleanupMarks(database, 'crashes').cleanedUntil()).toBe('2024-06-02');
    crashes.fail = () => undefined;
    await clean(database, { crashes: crashes.store });
    expect(await listed(crashes.store, '2024-06-01', '2024-06-02')).toEqual([]);
  });

  it('goes round a crash that cannot be removed, fails, and comes back to it', async () => {
    const database = await openBench(dialect);
    const crashes = switchable(await fsStore('crashes'));
    const [broken, same, later] = [crashOn('2024-06-01'), crashOn('2024-06-01'), crashOn('2024-06-05')];
    await saveRaw(crashes.store, broken, same, later);
    crashes.fail = (method, id) => (method === 'remove' && id === broken.id ? 'corrupt' : undefined);
    await expect(clean(database, { crashes: crashes.store })).rejects.toThrow(
      '1 old crashes could not be removed',
    );
    expect(await listed(crashes.store, '2024-06-01', '2024-06-05')).toEqual([broken.id]);
    expect(await new CleanupMarks(database, 'crashes').cleanedUntil()).toBe('2024-06-01');
    crashes.fail = () => undefined;
    await clean(database, { crashes: crashes.store });
    expect(await listed(crashes.store, '2024-06-01')).toEqual([]);
  });

  it('a day that had been cleaned counts so no longer when a late crash cannot be removed', async () => {
    const database = await openBench(dialect);
    const crashes = switchable(await fsStore('crashes'));
    await clean(database, { crashes: crashes.store });
    const marks = new CleanupMarks(database, 'crashes');
    expect(await marks.cleanedUntil()).toBe('2024-10-22');
    const late = crashOn('2024-10-18');
    await saveRaw(crashes.store, late);
    crashes.fail = (method) => (method === 'remove' ? 'corrupt' : undefined);
    await expect(clean(database, { crashes: crashes.store })).rejects.toThrow('1 old crashes');
    expect(await marks.cleanedUntil()).toBe('2024-10-18');
    crashes.fail = () => undefined;
    await clean(database, { crashes: crashes.store });
    expect(await marks.cleanedUntil()).toBe('2024-10-22');
    expect(await listed(crashes.store, '2024-10-18')).toEqual([]);
  });

  it('stops in the middle when it is told to, and goes on there', async () => {
    const database = await openBench(dialect);
    const crashes = switchable(await fsStore('crashes'));
    const days = Array.from({ length: 10 }, (_, i) => `2024-06-${String(i + 1).padStart(2, '0')}`);
    await saveRaw(crashes.store, ...days.map((day) => crashOn(day)));
    const stop = new AbortController();
    crashes.fail = (method, day) => {
      if (method === 'list' && day === '2024-06-06') stop.abort();
      return undefined;
    };
    await expect(clean(database, { crashes: crashes.store }, { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(await listed(crashes.store, ...days)).toHaveLength(5);
    expect(await new CleanupMarks(database, 'crashes').cleanedUntil()).toBe('2024-06-06');
    crashes.fail = () => undefined;
    crashes.calls.length = 0;
    await clean(database, { crashes: crashes.store });
    expect(await listed(crashes.store, ...days)).toHaveLength(0);
    // Not from three years ago again: a week before the day it had come to.
    expect(crashes.calls.find(({ method }) => method === 'list')?.first).toBe('2024-05-30');
  });

  it('finds crashes that came late, and cleans anew when the retention becomes shorter', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    await clean(database, { crashes });
    const [late, young] = [crashOn('2024-10-18'), crashOn('2024-11-10')];
    await saveRaw(crashes, late, young);
    await clean(database, { crashes });
    expect(await listed(crashes, '2024-10-18', '2024-11-10')).toEqual([young.id]);
    await clean(database, { crashes }, { keep: '5d' });
    expect(await listed(crashes, '2024-11-10')).toEqual([]);
  });

  it('refuses a period in the future: a clock that runs ahead would remove everything', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    await saveRaw(crashes, crashOn('2024-11-20'));
    await expect(
      clean(database, { crashes }, { to: new Date(Date.now() + 86_400_000).toISOString() }),
    ).rejects.toThrow('in the future');
    expect(await listed(crashes, '2024-11-20')).toHaveLength(1);
  });

  it('says what keeps its crashes, and refuses one that was named', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const keeps = switchable(await fsStore('archive'), ['remove']).store;
    await saveRaw(crashes, crashOn('2024-06-01'));
    const { lines } = await clean(database, { crashes, archive: keeps });
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', store: 'archive' }));
    expect(await listed(crashes, '2024-06-01')).toEqual([]);
    await expect(clean(database, { crashes, archive: keeps }, { stores: 'archive' })).rejects.toThrow(
      'cannot remove',
    );
    const mute = switchable(await fsStore('mute'), ['list']).store;
    await expect(clean(database, { mute })).rejects.toThrow('can list');
  });
});

describe.skipIf(postgresMissing !== undefined)('on a store in PostgreSQL', () => {
  it('removes crash by crash what is older than the retention', async () => {
    const { openDatabase } = await import('../../../src/database/open.ts');
    const { migrate } = await import('../../../src/database/migrate.ts');
    const { silentLog } = await import('../../../src/lib/log.ts');
    const { JOB_DATA_MIGRATIONS } = await import('../../../src/crontabber/tables/migrations.ts');
    const { store, url } = await postgresStore('crashes');
    // Jobs and crashes in one database, as config/postgres.env has it.
    const database = await openDatabase(url, { log: silentLog });
    try {
      await migrate(database, JOB_DATA_MIGRATIONS);
      const [old, young] = [crashOn('2024-06-01'), crashOn('2024-11-19')];
      await saveRaw(store, old, young);
      await saveProcessed(store, old, young);
      await clean(database, { crashes: store });
      expect(await listed(store, '2024-06-01', '2024-11-19')).toEqual([young.id]);
      await expect(store.readProcessed(old.id)).rejects.toMatchObject({ code: 'not_found' });
    } finally {
      await database.close();
    }
  });
});

describe('the settings', () => {
  it.each(['0d', '0', '30', '-1d', '1.5d', 'never', '30 days'])('a retention of %j is refused', (keep) => {
    expect(() => settingsOf({ cleanup_storage_keep: keep })).toThrow('JOB_CLEANUP_STORAGE_KEEP');
  });

  it('a list of holds may have addresses of report pages', async () => {
    const path = join(await benchFolder(), 'hold');
    const { id } = crashOn('2024-06-01');
    await writeFile(path, `https://crashes.example/report/index/${id}\n`);
    expect([...(await readHold(path))]).toEqual([id]);
    expect((await readHold('')).size).toBe(0);
  });
});
