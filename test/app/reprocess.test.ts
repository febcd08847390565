/** `auxilio reprocess`: a crash that nobody has makes no dead letter. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import { consumeSome, totalDepth } from '../../src/queue/conformance/harness.ts';
import type { CrashQueue } from '../../src/queue/contract.ts';
import queueBackend from '../../src/queue/fs/index.ts';
import { eventually, repository, runAuxilio, startAuxilio } from '../build/running-auxilio.ts';
import { postCrash } from '../build/sample-crash.ts';
import { fillStore, idsIn, type Site, site } from './transfer-site.ts';

const DOWN = `
  import { defineBackend, HEALTHY, StorageError } from '${repository}/src/storage/index.ts';
  export default defineBackend({ use: 'down', schema: {}, capabilities: () => ['raw.read', 'dumps.read', 'report.write'],
    async open(_options, { name }) {
      const fail = async () => { throw new StorageError('unavailable', name, 'the engine is away'); };
      return { name, use: 'down', capabilities: new Set(['raw.read', 'dumps.read', 'report.write']), children: [],
        health: async () => HEALTHY, close: async () => undefined, readRaw: fail, saveReport: fail, listDumps: fail, readDump: fail };
    } });`;

const missing = (id: CrashId) =>
  `${id}: not queued, no store that the processor reads has it; --force queues it anyway\n`;

let at: Site;
let stored: readonly CrashId[];

async function usingQueue<T>(work: (queue: CrashQueue) => Promise<T>): Promise<T> {
  const queue = await queueBackend.open({}, { dataDir: at.dataDir, log: silentLog });
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}

beforeEach(async () => {
  at = await site();
  await at.using('crashes', (store) => fillStore(store, 2));
  stored = await at.using('crashes', (store) => idsIn(store));
});
afterEach(() => at.dispose());

describe('reprocess', { timeout: 120_000 }, () => {
  it('queues what the store has, and names each one that it does not have', async () => {
    const strangers = [createCrashId(new Date()), createCrashId(new Date())] as const;
    const result = await at.run('reprocess', strangers[0], ...stored, strangers[1]);
    expect(result.code).toBe(1);
    expect(result.stdout.trimEnd().split('\n').toSorted()).toEqual(
      stored.map((id) => `${id} queued (reprocessing)`),
    );
    expect(result.stderr.split(/(?<=\n)/).toSorted()).toEqual(strangers.map(missing).toSorted());
    const seen = await usingQueue((queue) => consumeSome(queue, 2));
    expect(seen.map(({ task }) => task.crashId).toSorted()).toEqual(stored);
    expect(await usingQueue(totalDepth)).toBe(0);
  });

  it('--force queues unseen', async () => {
    const id = createCrashId(new Date());
    expect(await at.run('reprocess', '--force', '--priority', id)).toEqual({
      code: 0,
      stdout: `${id} queued (priority)\n`,
      stderr: '',
    });
    expect(await usingQueue((queue) => queue.depth('priority'))).toBe(1);
  });

  it('a store that cannot be asked stops it, and the line says how to queue all the same', async () => {
    await writeFile(join(at.dataDir, 'down.ts'), DOWN);
    const words = ['--store-down-use', './down.ts', '--processor-source', 'down'] as const;
    const [id] = stored as readonly [CrashId, CrashId];
    expect(await at.run('reprocess', id, ...words)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'PROCESSOR_SOURCE cannot be asked, and only what is printed above is queued; --force queues without asking: down: the engine is away [unavailable]\n',
    });
    expect(await usingQueue(totalDepth)).toBe(0);
    expect(await at.run('reprocess', '--force', id, ...words)).toMatchObject({ code: 0, stderr: '' });
  });

  it('finds a crash that still lies in the spool of a collector that died', async () => {
    await writeFile(join(at.dataDir, 'down.ts'), DOWN);
    const env = { STORE_DOWN_USE: './down.ts', COLLECTOR_STORAGE: 'down', LOG_LEVEL: 'silent' };
    const collector = await startAuxilio({ dataDir: at.dataDir, services: 'collector', env });
    const { id } = await postCrash(collector.collectorUrl, undefined);
    await collector.kill();
    // The dead collector's lease has to run out before its reports are taken up.
    const found = await eventually(
      'the spooled crash',
      async () => {
        const result = await runAuxilio(['reprocess', id], { dataDir: at.dataDir, env });
        return result.code === 0 ? result : undefined;
      },
      60_000,
    );
    expect(found.stdout).toBe(`${id} queued (reprocessing)\n`);
  });
});
