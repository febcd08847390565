/** `spool-and-store-care`, `weekly-partitions` and `queue-alerts`. */
import { describe, expect, it } from 'vitest';
import type { JobStores } from '../../../src/crontabber/job-services.ts';
import queueAlerts from '../../../src/crontabber/jobs/queue-alerts.ts';
import spoolAndStoreCare from '../../../src/crontabber/jobs/spool-and-store-care.ts';
import weeklyPartitions from '../../../src/crontabber/jobs/weekly-partitions.ts';
import type { Database } from '../../../src/database/contract.ts';
import elasticsearchBackend from '../../../src/storage/elasticsearch/index.ts';
import postgresBackend from '../../../src/storage/postgres/index.ts';
import { AlreadyRunningError } from '../../../src/storage/transfer/sole-run.ts';
import { engine } from '../../build/engines.ts';
import { leafContext } from '../../build/leaf.ts';
import { postgresMissing, rowsOf } from '../../build/postgres.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { dayEnding, openBench, runJob, settingsOf } from './job-bench.ts';
import { crashOn, postgresStore, saveRaw } from './stored-crashes.ts';

const targetsOf = (targets: readonly object[]): JobStores => ({ targets: async () => targets }) as never;
const target = (name: string, backend: object, options: object = {}, context: object = {}) => ({
  name,
  plan: { backend, options, label: (key: string) => key },
  context,
});

describe('spool-and-store-care', () => {
  const sweeping = (name: string, swept: string[], error?: Error) =>
    target(name, {
      upkeep: {
        async sweep(
          _: unknown,
          __: unknown,
          how: { readonly olderThanMs: number; readonly dryRun: boolean },
        ) {
          swept.push(`${name} ${how.olderThanMs} ${how.dryRun}`);
          if (error) throw error;
          return { found: 2, bytes: 10, removed: 2 };
        },
      },
    });

  it('sweeps every store, those behind one that fails too', async () => {
    const swept: string[] = [];
    const stores = targetsOf([
      sweeping('a', swept),
      sweeping('b', swept, new Error('b is down')),
      target('none', {}),
      sweeping('c', swept),
    ]);
    const run = runJob(spoolAndStoreCare, {
      settings: { spool_and_store_care_older_than: '2d' },
      services: { stores, transfers: {} as never },
    });
    await expect(run).rejects.toThrow('b is down');
    expect(swept).toEqual(['a 172800000 false', 'b 172800000 false', 'c 172800000 false']);
  });

  it('drains as it is told, and leaves it to whoever is at it already', async () => {
    const drained: unknown[] = [];
    const transfers = {
      async drain(...args: readonly unknown[]) {
        drained.push(args.slice(0, 3));
        if (args[0] === 'busy') throw new AlreadyRunningError('busy');
        return { crashes: 1, removed: 1, differences: args[0] === 'odd' ? 3 : 0 };
      },
    };
    const run = (drain: string) =>
      runJob(spoolAndStoreCare, {
        settings: { spool_and_store_care_drain: drain, spool_and_store_care_drain_days: '7' },
        services: { stores: targetsOf([]), transfers: transfers as never },
      });
    await run('spare->bucket, busy -> bucket');
    const period = { since: '2024-11-14', until: '2024-11-21' };
    expect(drained).toEqual([
      ['spare', 'bucket', period],
      ['busy', 'bucket', period],
    ]);
    await expect(run('odd->bucket')).rejects.toThrow('3 differences');
    await expect(run('spare>bucket')).rejects.toThrow('write spare->bucket');
    await expect(run('a->a')).rejects.toThrow('JOB_SPOOL_AND_STORE_CARE_DRAIN');
  });
});

describe.skipIf(postgresMissing !== undefined)('weekly-partitions in PostgreSQL', () => {
  it('makes weeks to come once, and crashes find them', async () => {
    const { store, options, context, url } = await postgresStore('crashes');
    const stores = targetsOf([target('crashes', postgresBackend, options, context)]);
    // Thursday 26 December; two weeks are those of 23 and 30 December and of 6 January.
    const run = () => runJob(weeklyPartitions, { period: dayEnding('2024-12-26'), services: { stores } });
    const first = await run();
    expect(first.lines.at(-1)).toMatchObject({
      made: ['2024-12-23', '2024-12-30', '2025-01-06'].map(
        (monday) => `made partitions for the week of ${monday} in schema auxilio_crashes`,
      ),
    });
    const partitions = () =>
      rowsOf(
        url,
        "select count(*)::int as n from pg_inherits where inhparent::regclass::text like 'auxilio_crashes.%' and inhrelid::regclass::text ~ '_20'",
      );
    const before = await partitions();
    expect((await run()).lines.at(-1)).toMatchObject({ made: [] });
    await saveRaw(store, crashOn('2025-01-01'), crashOn('2025-01-09'));
    expect(await partitions()).toEqual(before);
  });

  it('two at once make each once', async () => {
    const { options, context } = await postgresStore('crashes');
    const stores = targetsOf([target('crashes', postgresBackend, options, context)]);
    const runs = await Promise.all(
      [1, 2].map(() => runJob(weeklyPartitions, { period: dayEnding('2024-12-26'), services: { stores } })),
    );
    expect(runs).toHaveLength(2);
  });

  it('fails where there are no tables, and says what to run', async () => {
    const { options, context } = await postgresStore('crashes');
    const stores = targetsOf([target('crashes', postgresBackend, { ...options, schema: 'other' }, context)]);
    await expect(runJob(weeklyPartitions, { services: { stores } })).rejects.toThrow(
      'auxilio store init crashes',
    );
  });
});

const elasticsearch = engine('elasticsearch');
describe.skipIf('missing' in elasticsearch)('weekly-partitions in Elasticsearch', () => {
  it('makes the indices of weeks to come, also where the year turns', async () => {
    if ('missing' in elasticsearch) return;
    const index = `jobs${Math.random().toString(36).slice(2, 10)}%Y%W`;
    const options = { url: elasticsearch.url, index };
    const context = leafContext('index');
    const { upkeep } = elasticsearchBackend;
    try {
      await upkeep?.init?.(options, context, { createDatabase: false });
      const stores = targetsOf([target('index', elasticsearchBackend, options, context)]);
      const run = () => runJob(weeklyPartitions, { period: dayEnding('2024-12-26'), services: { stores } });
      const name = (week: string) => `index ${index.replace('%Y%W', week)} made`;
      expect((await run()).lines.at(-1)).toMatchObject({
        made: [name('202452'), name('202453'), name('202500'), name('202501')],
      });
      expect((await run()).lines.at(-1)).toMatchObject({ made: [] });
    } finally {
      await upkeep?.wipe(options, context, {});
    }
  });
});

onEachDialect((dialect) => {
  const queueOf = (depths: Record<string, number>) => ({
    depth: async (lane: string) => depths[lane] ?? 0,
    async *listDead() {
      for (let i = 0; i < (depths['dead'] ?? 0); i += 1) yield { task: null };
    },
  });
  const check = (database: Database, queue: object, limits: string) =>
    runJob(queueAlerts, {
      settings: { queue_alerts_limits: limits },
      services: { database, queue: async () => queue as never },
    });

  it('tells once that a lane is above its limit, and again when it comes again', async () => {
    const database = await openBench(dialect);
    const depths = { standard: 10, priority: 900, dead: 5 };
    const queue = queueOf(depths);
    const limits = 'standard=10, dead=3';
    expect((await check(database, queue, limits)).alerts).toEqual([
      'queue lane dead has more than 3 tasks, its limit is 3',
    ]);
    depths.standard = 11;
    expect((await check(database, queue, limits)).alerts).toEqual([
      'queue lane standard has 11 tasks, its limit is 10',
    ]);
    expect((await check(database, queue, limits)).alerts).toEqual([]);
    depths.standard = 10;
    expect((await check(database, queue, limits)).lines).toContainEqual(
      expect.objectContaining({ lane: 'standard' }),
    );
    depths.standard = 12;
    expect((await check(database, queue, limits)).alerts).toHaveLength(1);
    // The limit was taken away, and put back.
    await check(database, queue, 'dead=3');
    expect((await check(database, queue, limits)).alerts).toHaveLength(1);
  });

  it('without limits opens no queue', async () => {
    const database = await openBench(dialect);
    await runJob(queueAlerts, {
      services: { database, queue: () => Promise.reject(new Error('it was opened')) },
    });
  });
});

describe('limits of lanes', () => {
  it.each([
    ['standrd=10', 'standrd is no lane'],
    ['standard', 'the limit of standard'],
    ['standard=-1', 'the limit of standard'],
    ['standard=1e3', 'the limit of standard'],
  ])('%s is refused', (text, message) => {
    expect(() => settingsOf({ queue_alerts_limits: text })).toThrow(message);
  });
});
