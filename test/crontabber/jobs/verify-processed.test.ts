/** The job `verify-processed`: which crashes are lost, and how often they are tried. */
import { expect, it } from 'vitest';
import verifyProcessed from '../../../src/crontabber/jobs/verify-processed.ts';
import type { Database } from '../../../src/database/contract.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import type { CrashTask } from '../../../src/queue/contract.ts';
import { MemoryQueue } from '../../../src/queue/memory/memory-queue.ts';
import { deliverySchema } from '../../../src/queue/settings.ts';
import type { Store } from '../../../src/storage/contract.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { dayEnding, openBench, runJob, storesOf } from './job-bench.ts';
import { crashOn, fsStore, saveProcessed, saveRaw, sqliteStore, switchable } from './stored-crashes.ts';

const queueOf = (): MemoryQueue =>
  new MemoryQueue({ settings: parseSettings(deliverySchema, {}), log: silentLog });

/** What waits, taken out. */
async function taken(queue: MemoryQueue): Promise<readonly string[]> {
  const ids: string[] = [];
  const stop = new AbortController();
  const depth = await queue.depth('standard');
  if (depth === 0) return ids;
  await queue.consume(
    async ({ task }) => {
      ids.push((task as CrashTask).crashId);
      if (ids.length === depth) stop.abort();
      return { kind: 'done' };
    },
    { concurrency: 1, signal: stop.signal },
  );
  return ids.sort();
}

interface Site {
  readonly source: Store;
  readonly destination: Store;
  readonly queue: MemoryQueue;
}

const verify = (
  database: Database,
  site: Site,
  { to = '2024-11-21', ...settings }: { to?: string; [key: string]: unknown } = {},
) =>
  runJob(verifyProcessed, {
    period: dayEnding(to),
    settings: Object.fromEntries(Object.entries(settings).map(([k, v]) => [`verify_processed_${k}`, v])),
    services: {
      database,
      stores: storesOf({ source: site.source, destination: site.destination }),
      queue: async () => site.queue,
    },
  });

onEachDialect((dialect) => {
  it('queues again what has no processed crash, and nothing else', async () => {
    const database = await openBench(dialect);
    const [crashes, index] = [await fsStore('crashes'), await sqliteStore('index')];
    const queue = queueOf();
    const done = crashOn('2024-11-20');
    const [lost, alsoLost] = [crashOn('2024-11-20'), crashOn('2024-11-19')];
    const tooOld = crashOn('2024-11-18');
    const young = crashOn('2024-11-20T23:30:00.000Z');
    const deferred = {
      ...crashOn('2024-11-20'),
      metadata: { ...crashOn('2024-11-20').metadata, outcome: 'deferred' },
    } as const;
    await saveRaw(crashes, done, lost, alsoLost, tooOld, young, deferred);
    for (const store of [crashes, index]) await saveProcessed(store, done);
    // Processed once, and gone from one of the two destinations.
    const half = crashOn('2024-11-20');
    await saveRaw(crashes, half);
    await saveProcessed(crashes, half);
    const destination = both(crashes, index);
    const { lines } = await verify(database, { source: crashes, destination, queue });
    expect(await taken(queue)).toEqual([lost.id, alsoLost.id, half.id].sort());
    expect(lines.at(-1)).toMatchObject({ requeued: 3, givenUp: 0, waiting: 2 });
    await queue.close();
  });

  it('is the same when it runs twice, and gives a crash up after some days', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const queue = queueOf();
    const lost = crashOn('2024-11-20');
    await saveRaw(crashes, lost);
    const site = { source: crashes, destination: crashes, queue };
    await verify(database, site);
    await verify(database, site);
    expect(await taken(queue)).toEqual([lost.id]);
    await verify(database, site, { to: '2024-11-22', times: '2', days: '9' });
    expect(await taken(queue)).toEqual([lost.id]);
    const { lines } = await verify(database, site, { to: '2024-11-23', times: '2', days: '9' });
    expect(await taken(queue)).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', crash: lost.id }));
    await queue.close();
  });

  it('waits until processors have caught up, and looks at the same days then', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const queue = queueOf();
    const [lost, waiting] = [crashOn('2024-11-20'), crashOn('2024-11-20')];
    await saveRaw(crashes, lost, waiting);
    await queue.publish({ crashId: waiting.id }, 'standard');
    const site = { source: crashes, destination: crashes, queue };
    const { lines } = await verify(database, site, { backlog: '0' });
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', backlog: 1 })]);
    await verify(database, site, { to: '2024-11-25', backlog: '0' });
    expect(await taken(queue)).toEqual([waiting.id]);
    await saveProcessed(crashes, waiting);
    // By now the day is out of reach of the setting.
    await verify(database, site, { to: '2024-11-26', days: '1' });
    expect(await taken(queue)).toEqual([lost.id]);
    await verify(database, site, { to: '2024-11-27', days: '1' });
    expect(await taken(queue)).toEqual([]);
    await queue.close();
  });

  it('leaves those that were set aside to people', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const queue = queueOf();
    const poison = crashOn('2024-11-20');
    await saveRaw(crashes, poison);
    await queue.publish({ crashId: poison.id }, 'standard');
    const stop = new AbortController();
    await queue.consume(
      async () => {
        stop.abort();
        return { kind: 'dead', reason: 'poison' };
      },
      { concurrency: 1, signal: stop.signal },
    );
    await verify(database, { source: crashes, destination: crashes, queue });
    expect(await taken(queue)).toEqual([]);
    await queue.close();
  });

  it('takes no crash for lost because a store is down', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const index = switchable(await sqliteStore('index'));
    const queue = queueOf();
    await saveRaw(crashes, crashOn('2024-11-20'));
    index.fail = (method) => (method === 'readProcessed' ? 'unavailable' : undefined);
    const site = { source: crashes, destination: index.store, queue };
    await expect(verify(database, site)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await taken(queue)).toEqual([]);
    await queue.close();
  });

  it('says when nobody can tell', async () => {
    const database = await openBench(dialect);
    const crashes = await fsStore('crashes');
    const queue = queueOf();
    const mute = switchable(crashes, ['list']).store;
    const { lines } = await verify(database, { source: mute, destination: crashes, queue });
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', reason: expect.stringContaining('cannot list') }),
    ]);
    await queue.close();
  });
});

/** As `poly(crashes, index)` is: written, not read; its children can be. */
function both(...children: readonly Store[]): Store {
  const wrapped = layerOver(children[0] as Store, 'poly', { call: (_, run) => run() });
  return new Proxy(wrapped, {
    get: (target, key) =>
      key === 'children'
        ? children
        : key === 'capabilities'
          ? new Set(['processed.write'])
          : Reflect.get(target, key, target),
  });
}
