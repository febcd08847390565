import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bytesOf, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';

it('stores of several processes replace one crash at once: each succeeds, and one of them is there, whole', async () => {
  const root = await mkdtemp(join(tmpdir(), 'auxilio-fs-test-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const stores = await Promise.all([1, 2, 3].map(() => FsStorage.open('files', { root, depth: 2 })));
  for (let round = 0; round < 20; round += 1) {
    const { id } = rawCrash();
    for (const run of ['a', 'b', 'c']) {
      await Promise.all(
        stores.map((store, i) =>
          store.saveReport(
            report(rawCrash({ v: `${run}${i}` }, id), textDump('core', `${run}${i}`.repeat(500))),
          ),
        ),
      );
      const { v } = (await (stores[0] as FsStorage).readRaw(id)).annotations;
      const bytes = await bytesOf(await (stores[1] as FsStorage).readDump(id, 'core'));
      expect(bytes.toString()).toBe((v as string).repeat(500));
    }
  }
});
