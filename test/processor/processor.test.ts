/** The processor on real memory stores and a real memory queue: what becomes of each kind of trouble. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { RawCrash } from '../../src/model/report.ts';
import type { ErrorReporter } from '../../src/notify/contract.ts';
import { type AnyRule, Pipeline } from '../../src/processor/pipeline.ts';
import { Processor } from '../../src/processor/processor.ts';
import { defineRule } from '../../src/processor/rule.ts';
import { UnsavedResults } from '../../src/processor/unsaved-results.ts';
import type { CrashQueue, CrashTask, Delivery } from '../../src/queue/contract.ts';
import fsQueue from '../../src/queue/fs/index.ts';
import memoryQueue from '../../src/queue/memory/index.ts';
import { type CrashStorage, HEALTHY, need } from '../../src/storage/contract.ts';
import { StorageError } from '../../src/storage/errors.ts';
import memoryStore from '../../src/storage/memory/index.ts';
import { leafContext } from '../build/leaf.ts';
import { rawCrash } from '../build/raw-crash.ts';
import { eventually } from '../build/running-auxilio.ts';

type Memory = CrashStorage<
  'report.write' | 'raw.read' | 'dumps.read' | 'processed.write' | 'processed.read' | 'remove'
>;

const reporter: ErrorReporter = { report: () => undefined, close: async () => undefined };
const settings = { concurrency: 2, task_timeout: 5_000, rules: [] };
let folder = '';
let store: Memory;
let queue: CrashQueue;
let walks = 0;
/** What `saveProcessed` throws; undefined saves. */
let outage: Error | undefined;
let refusals = 0;
/** The store says that it is well and takes nothing. */
let isHealthLying = false;

const counting = defineRule({
  name: 'walks',
  run: () => {
    walks += 1;
    return { signature: 'S' };
  },
});

function destination(): CrashStorage<'processed.write' | 'processed.read'> {
  return {
    ...store,
    name: 'destination',
    use: 'test',
    capabilities: new Set(['processed.write', 'processed.read'] as const),
    children: [],
    health: async () => {
      if (outage && !isHealthLying) throw outage;
      return HEALTHY;
    },
    close: async () => undefined,
    saveProcessed: async (raw: RawCrash, processed: ProcessedCrash) => {
      if (outage) {
        refusals += 1;
        throw outage;
      }
      await store.saveProcessed(raw, processed);
    },
    readProcessed: (id) => store.readProcessed(id),
  };
}

function processorWith(...rules: readonly AnyRule[]): Processor {
  const pipeline = new Pipeline(rules, {
    services: {} as never,
    clock: systemClock,
    log: silentLog,
  });
  return new Processor(
    {
      source: store,
      destination: destination(),
      queue,
      pipeline,
      unsaved: new UnsavedResults(join(folder, 'unsaved')),
      reporter,
      log: silentLog,
    },
    settings,
  );
}

const delivery = (task: CrashTask): Delivery<CrashTask> => ({ task, lane: 'standard', attempt: 1 });
const handle = (processor: Processor, task: CrashTask) =>
  processor.handle(delivery(task), { signal: new AbortController().signal });

async function stored(): Promise<RawCrash> {
  const raw = rawCrash({ ProductName: 'Editor' });
  await store.saveReport({ raw, dumps: [] });
  return raw;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auxilio-processor-test-'));
  const context = leafContext('mem', folder);
  store = need(
    await memoryStore.open({}, context),
    'test',
    'report.write',
    'raw.read',
    'dumps.read',
    'processed.write',
    'processed.read',
    'remove',
  );
  queue = await memoryQueue.open({}, { dataDir: folder, log: silentLog });
  walks = 0;
  outage = undefined;
  refusals = 0;
  isHealthLying = false;
});

afterEach(async () => {
  await queue.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe('processor', () => {
  it('saves what the pipeline made and acknowledges after it', async () => {
    const { id } = await stored();
    expect(await handle(processorWith(counting), { crashId: id })).toEqual({ kind: 'done' });
    expect(await store.readProcessed(id)).toMatchObject({ id, signature: 'S', complete: true });
  });

  it('gives up at once on a crash that nobody has, and on an unknown rule set', async () => {
    const id = createCrashId(new Date());
    expect(await handle(processorWith(counting), { crashId: id })).toEqual({
      kind: 'dead',
      reason: 'no store has this crash',
    });
    const raw = await stored();
    expect(await handle(processorWith(counting), { crashId: raw.id, ruleset: 'nope' })).toMatchObject({
      kind: 'dead',
    });
  });

  it('postpones while the destination is down and walks nothing twice, not even over a restart', async () => {
    const { id } = await stored();
    outage = new StorageError('unavailable', 'destination', 'down');
    for (let i = 0; i < 5; i += 1)
      expect((await handle(processorWith(counting), { crashId: id })).kind).toBe('postpone');
    expect(walks).toBe(1);
    outage = undefined;
    expect(await handle(processorWith(counting), { crashId: id })).toEqual({ kind: 'done' });
    expect(walks).toBe(1);
    expect((await store.readProcessed(id)).signature).toBe('S');
    expect(await readdir(join(folder, 'unsaved'))).toEqual([]);
    await handle(processorWith(counting), { crashId: id });
    expect(walks).toBe(2);
  });

  it('keeps nothing of a crash that was removed during the outage', async () => {
    const { id } = await stored();
    outage = new StorageError('unavailable', 'destination', 'down');
    await handle(processorWith(counting), { crashId: id });
    expect(await readdir(join(folder, 'unsaved'))).toEqual([`${id}.json`]);
    await store.remove(id);
    outage = undefined;
    expect((await handle(processorWith(counting), { crashId: id })).kind).toBe('dead');
    expect(await readdir(join(folder, 'unsaved'))).toEqual([]);
  });

  it('postpones when its own disk is full, and when it cannot even keep the result', async () => {
    const { id } = await stored();
    const full = defineRule({
      name: 'full',
      onError: 'fail',
      run: () => {
        throw Object.assign(new Error('write'), { code: 'ENOSPC' });
      },
    });
    expect(await handle(processorWith(full), { crashId: id })).toEqual({
      kind: 'postpone',
      reason: 'the processor’s own disk: ENOSPC',
    });
    await mkdir(join(folder, 'unsaved', `${id}.json.tmp`), { recursive: true });
    outage = new StorageError('full', 'destination', 'no room');
    expect(await handle(processorWith(counting), { crashId: id })).toEqual({
      kind: 'postpone',
      reason: 'destination full',
    });
  });

  it('lets no rule edit what the client sent', async () => {
    const { id } = await stored();
    const edits = defineRule({
      name: 'edits',
      run: ({ raw }) => {
        (raw.annotations as Record<string, string>)['ProductName'] = 'mine';
        return {};
      },
    });
    expect(await handle(processorWith(edits), { crashId: id })).toEqual({ kind: 'done' });
    expect((await store.readProcessed(id)).failed_rules).toEqual([{ rule: 'edits', reason: 'TypeError' }]);
  });

  it('walks again when the store refused the result for good', async () => {
    const { id } = await stored();
    outage = new StorageError('invalid', 'destination', 'no such field');
    expect((await handle(processorWith(counting), { crashId: id })).kind).toBe('retry');
    expect((await handle(processorWith(counting), { crashId: id })).kind).toBe('retry');
    expect(walks).toBe(2);
  });

  it('counts a crash that kills its rule and a task that takes too long', async () => {
    const { id } = await stored();
    const vital = defineRule({
      name: 'vital',
      onError: 'fail',
      run: () => {
        throw new RangeError('secret');
      },
    });
    expect(await handle(processorWith(vital), { crashId: id })).toEqual({
      kind: 'retry',
      reason: 'rule vital: RangeError',
    });
  });

  it('postpones when it is told to stop in the middle', async () => {
    const { id } = await stored();
    const stop = new AbortController();
    const waits = defineRule({
      name: 'waits',
      run: () => {
        stop.abort();
        return new Promise<undefined>(() => undefined);
      },
    });
    expect((await processorWith(waits).handle(delivery({ crashId: id }), { signal: stop.signal })).kind).toBe(
      'postpone',
    );
  });

  it.each([
    ['memory', memoryQueue],
    ['fs', fsQueue],
  ] as const)(
    'works a queue (%s) through a long outage: nothing dies, each crash is walked once',
    async (_use, backend) => {
      await queue.close();
      const impatient = { max_attempts: '2', postpone_base: '1ms', postpone_cap: '2ms' };
      queue = await backend.open(impatient, { dataDir: join(folder, 'outage'), log: silentLog });
      const ids = await Promise.all(Array.from({ length: 20 }, async () => (await stored()).id));
      for (const crashId of ids) await queue.publish({ crashId }, 'standard');
      outage = new StorageError('unavailable', 'destination', 'down');
      isHealthLying = true;
      const stop = new AbortController();
      const running = processorWith(counting).run({ signal: stop.signal });
      await eventually('more refusals than attempts', async () => (refusals >= 40 ? true : undefined));
      outage = undefined;
      await eventually('an empty queue', async () =>
        (await queue.depth('standard')) === 0 ? true : undefined,
      );
      stop.abort();
      await running;
      for (const id of ids) expect((await store.readProcessed(id)).signature).toBe('S');
      const dead: unknown[] = [];
      for await (const task of queue.listDead()) dead.push(task);
      expect(dead).toEqual([]);
      expect(walks).toBe(20);
    },
  );
});
