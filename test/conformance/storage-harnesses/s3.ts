import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import type { Layout } from '../../../src/storage/s3/keys.ts';
import { openS3Storage, partsOf, type S3Storage } from '../../../src/storage/s3/s3-storage.ts';
import { type S3StorageSettings, s3StorageSchema } from '../../../src/storage/s3/settings.ts';
import { orphansOf } from '../../../src/storage/s3/upkeep.ts';
import { unfinishedUploads } from '../../../src/storage/s3-client/bucket-upkeep.ts';
import { withConnection } from '../../../src/storage/s3-client/connection.ts';
import { servedBy } from '../../build/engines.ts';
import { makeTestBucket, removeTestBucket, type S3Server, s3Options } from '../../build/s3-buckets.ts';

/** What an interrupted write leaves: uploads that were not completed, dumps and names without a raw crash. */
const leftovers = (settings: S3StorageSettings): Promise<readonly string[]> =>
  withConnection(settings, { store: 's3' }, async (connection) => {
    const { parts } = partsOf('s3', settings, connection, silentLog);
    const left: string[] = [];
    for await (const { key } of unfinishedUploads(connection, [''])) left.push(`upload ${key}`);
    for await (const { key } of orphansOf(parts, new Date(Date.now() + 60_000))) left.push(key);
    return left;
  });

interface Variant {
  readonly leadingSlash?: boolean;
  readonly prefix?: string;
}

function harness(server: S3Server, layout: Layout, variant: Variant = {}): StorageHarness {
  const { leadingSlash = false, prefix = '' } = variant;
  return {
    use: 's3',
    variant: [
      `${server} layout=${layout}`,
      ...(prefix === '' ? [] : [`prefix=${prefix}`]),
      ...(leadingSlash ? ['leading_slash'] : []),
    ].join(' '),
    lacks: layout === 'v1' ? ['list', 'search', 'scan'] : ['search', 'scan'],
    ...servedBy(server),
    streams: server === 'versitygw' && layout === 'simple-date' && prefix === '',
    // More than a page of S3 once: a small object takes 5 to 50 ms on these servers.
    listed: server === 'versitygw' && layout === 'simple-date' ? 1100 : 60,
    async open() {
      const bucket = await makeTestBucket(server);
      const settings = parseSettings(s3StorageSchema, {
        ...s3Options(server, bucket),
        layout,
        prefix,
        leading_slash: String(leadingSlash),
      });
      const stores: S3Storage[] = [];
      const open = async (): Promise<S3Storage> => {
        const store = await openS3Storage('s3', settings, silentLog);
        stores.push(store);
        return store;
      };
      return {
        store: await open(),
        reopen: open,
        leftovers: () => leftovers(settings),
        async dispose() {
          for (const store of stores) await store.close();
          await removeTestBucket(server, bucket);
        },
      };
    },
  };
}

export default [
  harness('versitygw', 'simple-date'),
  harness('versitygw', 'v1'),
  harness('versitygw', 'v2', { prefix: 'crashes/of us' }),
  harness('swift', 'simple-date'),
  harness('swift', 'v1', { prefix: 'crashes' }),
  // The gateway keeps objects as files and drops the slash that a key begins with.
  harness('swift', 'v2', { leadingSlash: true }),
] satisfies readonly StorageHarness[];
