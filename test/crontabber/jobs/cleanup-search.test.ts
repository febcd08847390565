/** The job `cleanup-search`: old weeks of an index go, and nothing that is held. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import cleanupSearch from '../../../src/crontabber/jobs/cleanup-search.ts';
import type { Database } from '../../../src/database/contract.ts';
import { isAborted } from '../../../src/lib/abort.ts';
import type { FullStore, Store } from '../../../src/storage/contract.ts';
import { postgresMissing, rowsOf } from '../../build/postgres.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { benchFolder, dayEnding, openBench, runJob, storesOf } from './job-bench.ts';
import {
  crashOn,
  idsOf,
  postgresStore,
  saveProcessed,
  saveRaw,
  sqliteStore,
  switchable,
} from './stored-crashes.ts';

const clean = (
  database: Database,
  search: Store,
  {
    keep = '30d',
    hold = '',
    to = '2024-11-21',
    signal,
  }: { keep?: string; hold?: string; to?: string; signal?: AbortSignal } = {},
) =>
  runJob(cleanupSearch, {
    period: dayEnding(to),
    ...(signal ? { signal } : {}),
    settings: { cleanup_search_keep: keep, cleanup_storage_hold: hold },
    services: {
      database,
      stores: storesOf({ search }),
      folders: { resolve: (path: string) => path } as never,
    },
  });

/** An index and nothing else: its crashes can be read, its reports are elsewhere. */
const index = async () => switchable(await sqliteStore('index'), ['raw.read', 'dumps.read', 'report.write']);

const scanned = async (store: Store): Promise<readonly string[]> => {
  const all = { from: new Date('2000-01-01'), to: new Date('2100-01-01'), columns: ['uuid'] };
  const ids: string[] = [];
  for await (const row of (store as FullStore).scan(all)) ids.push(row.id);
  return ids.sort();
};

onEachDialect((dialect) => {
  it('drops what is older: border days', async () => {
    const database = await openBench(dialect);
    const { store } = await index();
    const old = [crashOn('2024-10-21T23:59:59.999Z'), crashOn('2023-01-01')];
    const kept = [crashOn('2024-10-22T00:00:00.000Z'), crashOn('2024-11-20')];
    await saveProcessed(store, ...old, ...kept);
    await clean(database, store);
    expect(await scanned(store)).toEqual(idsOf(...kept));
    await clean(database, store);
    expect(await scanned(store)).toEqual(idsOf(...kept));
  });

  it('without a retention drops nothing', async () => {
    const database = await openBench(dialect);
    const { store, calls } = await index();
    await saveProcessed(store, crashOn('2001-01-01'));
    calls.length = 0;
    await clean(database, store, { keep: '' });
    expect(calls).toEqual([]);
  });

  it('fails when the index is down, and when the period is in the future', async () => {
    const database = await openBench(dialect);
    const down = await index();
    await saveProcessed(down.store, crashOn('2001-01-01'));
    down.fail = (method) => (method === 'dropBefore' ? 'unavailable' : undefined);
    await expect(clean(database, down.store)).rejects.toMatchObject({ code: 'unavailable' });
    down.fail = () => undefined;
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    await expect(clean(database, down.store, { to: tomorrow })).rejects.toThrow('in the future');
    expect(await scanned(down.store)).toHaveLength(1);
  });

  it('ends when it is told to', async () => {
    const database = await openBench(dialect);
    const { store } = await index();
    await saveProcessed(store, crashOn('2001-01-01'));
    await expect(clean(database, store, { signal: AbortSignal.abort() })).rejects.toSatisfy(isAborted);
    expect(await scanned(store)).toHaveLength(1);
  });

  it('leaves weeks with a held crash where the index has the reports, too', async () => {
    const database = await openBench(dialect);
    const store = await sqliteStore('crashes');
    const [before, held, after] = [
      crashOn('2024-05-01'),
      crashOn('2024-06-01T00:00:00.000Z'),
      crashOn('2024-07-01'),
    ];
    await saveRaw(store, before, held, after);
    await saveProcessed(store, before, held, after);
    const hold = join(await benchFolder(), 'hold');
    await writeFile(hold, `${held.id}\n`);
    const { lines } = await clean(database, store, { hold });
    expect(await scanned(store)).toEqual(idsOf(held, after));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', before: '2024-05-31' }));
    await writeFile(hold, 'nonsense\n');
    await expect(clean(database, store, { hold })).rejects.toThrow('no crash id');
    expect(await scanned(store)).toEqual(idsOf(held, after));
  });
});

describe.skipIf(postgresMissing !== undefined)('partitions of PostgreSQL', () => {
  it('go as a whole, and the week of the border crash by crash', async () => {
    const { url, store } = await postgresStore('crashes');
    const { openDatabase } = await import('../../../src/database/open.ts');
    const { silentLog } = await import('../../../src/lib/log.ts');
    const database = await openDatabase(url, { log: silentLog });
    try {
      // Tuesday 22 October is the first day that is kept; its week began on the 21st.
      const raws = [
        crashOn('2024-10-14'),
        crashOn('2024-10-21'),
        crashOn('2024-10-22'),
        crashOn('2024-11-20'),
      ];
      await saveRaw(store, ...raws);
      await saveProcessed(store, ...raws);
      const { lines } = await clean(database, store);
      expect(lines.at(-1)).toMatchObject({ dropped: ['week of 2024-10-14', '2024-10-21'] });
      expect(await scanned(store)).toEqual(idsOf(...raws.slice(2)));
      const tables = await rowsOf(
        url,
        "select relname from pg_class where relname ~ '^raw_2024[0-9]{4}$' order by 1",
      );
      expect(tables.map(({ relname }) => relname)).toEqual(['raw_20241021', 'raw_20241118']);
    } finally {
      await database.close();
    }
  });
});
