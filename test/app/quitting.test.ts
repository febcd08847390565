/** A process that is told to stop does not wait for engines first. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  type RunningAuxilio,
  repository,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';
import { postCrash } from '../build/sample-crash.ts';

const DOWN_STORE = `
import { CallGate, defineBackend, HEALTHY, StorageError } from '${repository}/src/storage/index.ts';
export default defineBackend({
  use: 'down-store',
  schema: {},
  capabilities: () => ['processed.write'],
  open: async (_options, { name }) => {
    const gate = new CallGate(name);
    return {
      name, use: 'down-store', children: [], capabilities: new Set(['processed.write']),
      saveProcessed: (_raw, _processed, o) =>
        gate.run(o, async () => { throw new StorageError('unavailable', name, 'always down'); }),
      health: (o) => gate.run(o, async () => HEALTHY),
      close: (o) => gate.close(o),
    };
  },
});
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'down-store.ts'), DOWN_STORE);
  auxilio = await startAuxilio({
    dataDir: folder.path,
    env: {
      STORE_DOWN_USE: './down-store.ts',
      STORE_DOWN_LAYERS: 'executor',
      STORE_DOWN_EXECUTOR: 'limited',
      STORE_DOWN_EXECUTOR_DELAYS: '10m, 10m',
      PROCESSOR_DESTINATION: 'down',
      PROCESSOR_TASK_TIMEOUT: '1h',
    },
  });
}, 120_000);
afterAll(async () => {
  if (auxilio.process.exitCode === null) await auxilio.kill();
  await folder.remove();
});

describe('quitting', () => {
  it('ends in the middle of an executor’s wait', async () => {
    await postCrash(auxilio.collectorUrl, undefined);
    await eventually('the executor waits', async () =>
      auxilio.stderr().includes('waiting to try again') ? true : undefined,
    );
    const start = performance.now();
    expect(await auxilio.stop()).toBe(0);
    // Minutes without the wait being cut short; what a loaded machine needs to close everything is far less.
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(auxilio.stderr()).toContain('down unavailable');
  }, 180_000);
});
