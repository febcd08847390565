/** A crash that an engine never takes does not wait for ever, nor hold others up; an outage gives nothing up. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { Pipeline } from '../../src/processor/pipeline.ts';
import { Processor } from '../../src/processor/processor.ts';
import { defineRule } from '../../src/processor/rule.ts';
import { StubbornCrashes } from '../../src/processor/stubborn-crashes.ts';
import { UnsavedResults } from '../../src/processor/unsaved-results.ts';
import { deadOf, newTask } from '../../src/queue/conformance/harness.ts';
import { MemoryQueue } from '../../src/queue/memory/memory-queue.ts';
import { type CrashStorage, HEALTHY } from '../../src/storage/contract.ts';
import { StorageError } from '../../src/storage/errors.ts';
import memoryStore from '../../src/storage/memory/index.ts';
import { rawCrash } from '../build/raw-crash.ts';
import { JumpingTiming } from '../queue/timings.ts';

const HOUR = 3_600_000;
type Memory = CrashStorage<'report.write' | 'raw.read' | 'dumps.read' | 'processed.write' | 'processed.read'>;

/** A processor whose destination says that it is well, and refuses as it is told. */
async function scene(maxAttempts: number, refuses: (id: CrashId, elapsed: number) => boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-stubborn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const timing = new JumpingTiming();
  const context = { name: 'mem', dataDir: folder, log: silentLog, store: () => Promise.reject(new Error()) };
  const store = (await memoryStore.open({}, context)) as unknown as Memory;
  const delivery = { retry_base: 10_000, retry_cap: 600_000, postpone_base: 250, postpone_cap: 30_000 };
  const queue = new MemoryQueue({
    settings: { max_attempts: maxAttempts, ...delivery },
    log: silentLog,
    timing,
  });
  const saved: CrashId[] = [];
  const destination: CrashStorage<'processed.write'> = {
    name: 'destination',
    use: 'test',
    capabilities: new Set(['processed.write'] as const),
    children: [],
    health: async () => HEALTHY,
    close: async () => undefined,
    async saveProcessed(raw) {
      if (refuses(raw.id, timing.elapsed())) throw new StorageError('unavailable', 'destination', '503');
      saved.push(raw.id);
    },
  };
  const services = {} as never;
  const processor = new Processor(
    {
      source: store,
      destination,
      queue,
      pipeline: new Pipeline([defineRule({ name: 'signs', run: () => ({ signature: 'S' }) })], {
        services,
        clock: systemClock,
        log: silentLog,
      }),
      unsaved: new UnsavedResults(join(folder, 'unsaved')),
      reporter: { report: () => undefined, close: async () => undefined },
      log: silentLog,
      elapsed: () => timing.elapsed(),
    },
    { concurrency: 1, task_timeout: 600_000, rules: [] },
  );
  const publish = async (): Promise<CrashId> => {
    const raw = rawCrash({ ProductName: 'Editor' });
    await store.saveReport({ raw, dumps: [] });
    await queue.publish({ crashId: raw.id }, 'standard');
    return raw.id;
  };
  const work = async (isOver: () => Promise<boolean>): Promise<void> => {
    const stop = new AbortController();
    const running = processor.run({ signal: stop.signal });
    await expect.poll(isOver, { timeout: 20_000, interval: 1 }).toBe(true);
    stop.abort();
    await running;
  };
  return { timing, queue, saved, publish, work };
}

describe('a crash that one store refuses for ever as if it were down', () => {
  it('lets others through a single worker, and is dead after hours, with its reason', async () => {
    let stubborn: CrashId | undefined;
    let tries = 0;
    const { timing, queue, saved, publish, work } = await scene(5, (id) => {
      if (id === stubborn) tries += 1;
      return id === stubborn;
    });
    stubborn = await publish();
    const others: CrashId[] = [];
    for (let i = 0; i < 10; i += 1) others.push(await publish());
    await work(async () => (await queue.depth('standard')) === 0);
    expect(saved).toEqual(others);
    expect(await deadOf(queue)).toMatchObject([
      {
        task: { crashId: stubborn },
        attempts: 5,
        reason: 'destination unavailable, for this crash alone',
      },
    ]);
    expect(timing.elapsed()).toBeGreaterThan(4 * HOUR);
    expect(timing.elapsed()).toBeLessThan(8 * HOUR);
    expect(tries).toBeLessThan(400);
  });

  it.each([0.5, 0.8, 1])(
    'an hour in which the store says that it is well and refuses %d of all saves gives nothing up, even at the only attempt',
    async (share) => {
      let seed = 7;
      const random = (): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        return seed / 2 ** 31;
      };
      const { queue, saved, publish, work } = await scene(
        1,
        (_id, elapsed) => elapsed < HOUR && random() < share,
      );
      const ids: CrashId[] = [];
      for (let i = 0; i < 40; i += 1) ids.push(await publish());
      await work(async () => (await queue.depth('standard')) === 0);
      expect(await deadOf(queue)).toEqual([]);
      expect(saved.toSorted()).toEqual(ids.toSorted());
    },
  );
});

describe('who is to blame', () => {
  const other = newTask().crashId;
  const id = newTask().crashId;

  it('nobody but the engine while nothing else goes through, however long it takes', () => {
    let now = 0;
    const crashes = new StubbornCrashes(() => now);
    for (; now < 48 * HOUR; now += 60_000) expect(crashes.failed(id, 'x').kind).toBe('postpone');
  });

  it('the crash, after an hour and five failures, once another went through; it is forgotten when it goes well', () => {
    let now = 0;
    const crashes = new StubbornCrashes(() => now);
    crashes.failed(id, 'x');
    crashes.wentWell(other);
    now = HOUR;
    const kinds = [2, 3, 4, 5].map(() => crashes.failed(id, 'x').kind);
    expect(kinds).toEqual(['postpone', 'postpone', 'postpone', 'retry']);
    crashes.wentWell(id);
    expect(crashes.failed(id, 'x')).toEqual({ kind: 'postpone', reason: 'x' });
  });

  it('stands aside after every second failure, longer each time, a minute at most', () => {
    const crashes = new StubbornCrashes(() => 0);
    const outcomes = Array.from({ length: 12 }, () => crashes.failed(id, 'x'));
    expect(outcomes.map((outcome) => ('delayMs' in outcome ? outcome.delayMs : 0))).toEqual([
      0, 5_000, 0, 10_000, 0, 20_000, 0, 40_000, 0, 60_000, 0, 60_000,
    ]);
  });
});
