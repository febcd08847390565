import { afterAll } from 'vitest';
import type { CassandraOptions } from '../../../src/storage/cassandra/settings.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { dropKeyspace, emptyKeyspace, makeKeyspace, openCassandra, strays } from '../../build/cassandra.ts';
import { servedBy } from '../../build/engines.ts';

/** One keyspace for all stores of a test file: to make one takes as long as most of its cases. */
let shared: { readonly options: Promise<CassandraOptions> } | undefined;

afterAll(async () => {
  if (shared) await dropKeyspace(await shared.options);
}, 180_000);

const harnesses: readonly StorageHarness[] = [
  {
    use: 'cassandra',
    lacks: ['search', 'scan'],
    streams: true,
    listed: 400,
    ...servedBy('cassandra'),
    async open() {
      shared ??= { options: makeKeyspace() };
      const options = await shared.options;
      const store = await openCassandra(options);
      return {
        store,
        reopen: () => openCassandra(options),
        leftovers: () => strays(options),
        async dispose() {
          await store.close();
          await emptyKeyspace(options);
        },
      };
    },
  },
];

export default harnesses;
