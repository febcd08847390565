import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import type { Store } from '../../../src/storage/contract.ts';
import backend from '../../../src/storage/postgres/index.ts';
import { servedBy } from '../../build/engines.ts';
import { leafContext } from '../../build/leaf.ts';
import { postgresServer, rowsOf, unusedName } from '../../build/postgres.ts';
import { searchSuite } from '../search-suite.ts';

/** Chunks and dumps without a raw crash, marks of uploads, chunks of no blob. */
const strays = (schema: string): string => `
  select 'staging ' || upload as name from ${schema}.staging
  union all select 'chunk ' || upload from ${schema}.dump_chunk where upload not in (select upload from ${schema}.raw)
  union all select 'dump ' || upload from ${schema}.dump where upload not in (select upload from ${schema}.raw)
  union all select 'blob chunk ' || upload from ${schema}.blob_chunk where upload not in (select upload from ${schema}.blob)`;

const context = leafContext('crashes');

export default [
  {
    use: 'postgres',
    lacks: [],
    streams: true,
    search: searchSuite,
    ...servedBy('postgres'),
    async open() {
      // A schema of its own is made and dropped much faster than a database.
      const { url } = postgresServer();
      const options = { url, schema: unusedName() };
      await backend.upkeep?.init?.(options, context, { createDatabase: false });
      const stores: Store[] = [];
      const open = async (): Promise<Store> => {
        const store = await backend.open(options, context);
        stores.push(store);
        return store;
      };
      return {
        store: await open(),
        reopen: open,
        leftovers: async () => (await rowsOf(url, strays(options.schema))).map((row) => String(row['name'])),
        async dispose() {
          for (const store of stores) await store.close();
          await rowsOf(url, `drop schema ${options.schema} cascade`);
        },
      };
    },
  },
] satisfies readonly StorageHarness[];
