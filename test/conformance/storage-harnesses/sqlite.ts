import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteFile } from '../../../src/database/sqlite-file.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { SqliteStorage } from '../../../src/storage/sqlite/sqlite-storage.ts';
import { searchSuite } from '../search-suite.ts';

/** Chunks without an upload, uploads without a raw crash, fields of a crash that is gone. */
const STRAYS = `
  select 'staging ' || upload from staging
  union all select 'chunk ' || upload from dump_chunk where upload not in (select upload from raw)
  union all select 'dump ' || upload from dump where upload not in (select upload from raw)
  union all select 'document ' || n from document where n not in (select n from crash)
  union all select 'signature ' || n from signature_data where n not in (select n from crash)`;

async function strays(path: string): Promise<readonly string[]> {
  const file = await SqliteFile.open(path);
  try {
    const { rows } = await file.query({ sql: STRAYS });
    return rows.map(([name]) => String(name));
  } finally {
    await file.close();
  }
}

const harnesses: readonly StorageHarness[] = [
  {
    use: 'sqlite',
    lacks: ['blobs'],
    streams: true,
    search: searchSuite,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'auxilio-sqlite-'));
      const path = join(folder, 'crashes.db');
      const stores = [await SqliteStorage.open('sqlite', { file: path })];
      return {
        store: stores[0] as SqliteStorage,
        async reopen() {
          const store = await SqliteStorage.open('sqlite', { file: path });
          stores.push(store);
          return store;
        },
        leftovers: () => strays(path),
        async dispose() {
          for (const store of stores) await store.close();
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  },
];

export default harnesses;
