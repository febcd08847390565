import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { telemetrySchema } from '../../../src/storage/telemetry/settings.ts';
import { openTelemetryStorage } from '../../../src/storage/telemetry/telemetry-storage.ts';
import { servedBy } from '../../build/engines.ts';
import { makeTestBucket, removeTestBucket, S3_SERVERS, s3Options } from '../../build/s3-buckets.ts';

export default S3_SERVERS.map(
  (server): StorageHarness => ({
    use: 'telemetry',
    variant: server,
    lacks: ['report.write', 'raw.read', 'dumps.read', 'processed.read', 'search', 'scan', 'blobs'],
    ...servedBy(server),
    async open() {
      const bucket = await makeTestBucket(server);
      const settings = parseSettings(telemetrySchema, { ...s3Options(server, bucket) });
      const store = await openTelemetryStorage('telemetry', settings, silentLog);
      return {
        store,
        async dispose() {
          await store.close();
          await removeTestBucket(server, bucket);
        },
      };
    },
  }),
);
