/**
 * kill -9 of the whole process at random moments under upload load: every crash id that a client received is in the
 * store with one processed crash, counted once. `KILL_ROUNDS` rounds (10; `.ci/run` sets 200), one data folder for all of them.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/app/config/configuration.ts';
import { openApp } from '../../src/app/container.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { need } from '../../src/storage/contract.ts';
import { type RunningAuxilio, startAuxilio, temporaryFolder } from '../build/running-auxilio.ts';
import { postCrash, sampleDump } from '../build/sample-crash.ts';
import { emptied } from '../build/settled.ts';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 10);
const CLIENTS = 4;
const ROUND_LIMIT_MS = 60_000;
/** Every so many uploads one has a dump: stack walks are what the rounds would otherwise be spent on. */
const DUMP_EVERY = 5;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('auxilio-kill-');
});

afterAll(() => folder.remove());

/** Ids that were answered; true when the crash had a dump. */
type Answered = Map<string, boolean>;

/** Uploads until the process is gone. */
async function uploadUntilDead(auxilio: RunningAuxilio, dump: Buffer): Promise<Answered> {
  const answered = new Map<string, boolean>();
  for (let i = 0; ; i += 1) {
    const hasDump = i % DUMP_EVERY === 0;
    try {
      const { status, id } = await postCrash(auxilio.collectorUrl, hasDump ? dump : undefined);
      expect(status).toBe(200);
      expect(id).not.toBe('');
      answered.set(id, hasDump);
    } catch (error) {
      if (error instanceof TypeError) return answered;
      throw error;
    }
  }
}

async function round(dump: Buffer): Promise<readonly Answered[]> {
  const auxilio = await startAuxilio({ dataDir: folder.path, env: { LOG_LEVEL: 'error' } });
  const clients = Array.from({ length: CLIENTS }, () => uploadUntilDead(auxilio, dump));
  await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 500));
  await auxilio.kill();
  return Promise.all(clients);
}

/** What the stores hold, read with the program stopped. */
async function countStored(
  answered: Answered,
): Promise<{ readonly missing: readonly string[]; readonly indexed: ReadonlyMap<string, number> }> {
  const configuration = await loadConfiguration({
    commandLine: new Map([
      ['DATA_DIR', folder.path],
      ['LOG_LEVEL', 'silent'],
    ]),
    files: ['config/embedded.env'],
    environment: {},
    cwd: folder.path,
  });
  const app = openApp(configuration);
  try {
    const stores = await app.stores();
    const source = need(await stores.get('crashes'), 'test', 'raw.read', 'dumps.read', 'processed.read');
    const index = need(await stores.get('index'), 'test', 'scan');
    const missing: string[] = [];
    for (const [id, hasDump] of answered as Map<CrashId, boolean>) {
      try {
        const [dumps, processed] = [await source.listDumps(id), await source.readProcessed(id)];
        if (dumps.length !== Number(hasDump) || !processed.complete)
          missing.push(`${id}: ${dumps.length} dumps, complete ${processed.complete}`);
      } catch (error) {
        missing.push(`${id}: ${String(error)}`);
      }
    }
    const indexed = new Map<string, number>();
    const whole = { from: new Date(0), to: new Date('2100-01-01'), columns: ['signature'] };
    for await (const row of index.scan(whole)) indexed.set(row.id, (indexed.get(row.id) ?? 0) + 1);
    return { missing, indexed };
  } finally {
    await app.close();
  }
}

it(`loses nothing in ${ROUNDS} rounds of kill -9 under load`, {
  timeout: ROUNDS * ROUND_LIMIT_MS,
}, async () => {
  const dump = await sampleDump();
  const answered: Answered = new Map();
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const part of await round(dump)) for (const [id, hasDump] of part) answered.set(id, hasDump);
  }
  const last = await startAuxilio({
    dataDir: folder.path,
    env: { LOG_LEVEL: 'error', PROCESSOR_CONCURRENCY: '4' },
  });
  await emptied(last, { dataDir: folder.path }, ROUNDS * ROUND_LIMIT_MS);
  expect(await last.stop()).toBe(0);
  expect(answered.size).toBeGreaterThan(ROUNDS);
  const { missing, indexed } = await countStored(answered);
  expect(missing).toEqual([]);
  expect([...answered.keys()].filter((id) => indexed.get(id) !== 1)).toEqual([]);
  expect([...indexed.values()].filter((count) => count !== 1)).toEqual([]);
});
