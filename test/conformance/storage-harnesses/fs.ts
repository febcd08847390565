import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import type { Store } from '../../../src/storage/contract.ts';
import { FsStorage } from '../../../src/storage/fs/fs-storage.ts';
import { SocorroFsStorage } from '../../../src/storage/fs/socorro-storage.ts';

type Open = (root: string) => Promise<Store>;

const harness = (variant: string, open: Open, more: Partial<StorageHarness>): StorageHarness => ({
  use: 'fs',
  variant,
  lacks: ['search', 'scan'],
  listed: 200,
  ...more,
  async open() {
    const root = await mkdtemp(join(tmpdir(), 'auxilio-fs-'));
    const store = await open(root);
    return {
      store,
      reopen: () => open(root),
      leftovers: () => readdir(join(root, 'tmp')),
      async dispose() {
        await store.close();
        await rm(root, { recursive: true });
      },
    };
  },
});

const native =
  (depth: number): Open =>
  (root) =>
    FsStorage.open('fs', { root, depth });

const socorro = (tree: 'radix' | 'legacy', dated: boolean): StorageHarness =>
  harness(
    `layout=socorro tree=${tree} dated=${dated}`,
    (root) => SocorroFsStorage.open('fs', { root, tree, dated }),
    { lacks: ['search', 'scan', 'blobs'] },
  );

export default [
  harness('depth 2', native(2), { streams: true, listed: 1500 }),
  harness('depth 4', native(4), {}),
  socorro('radix', false),
  socorro('radix', true),
  socorro('legacy', false),
  socorro('legacy', true),
] satisfies readonly StorageHarness[];
