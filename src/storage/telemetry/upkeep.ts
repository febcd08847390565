/** What operators do to the bucket of documents. */
import { emptyPrefixes, initBucket } from '../s3-client/bucket-upkeep.ts';
import { withConnection } from '../s3-client/connection.ts';
import { S3Objects } from '../s3-client/objects.ts';
import type { Upkeep } from '../upkeep.ts';
import type { TelemetrySettings } from './settings.ts';
import { documentFolder } from './telemetry-storage.ts';

type Methods = Required<Upkeep<TelemetrySettings>>;

export const init: Methods['init'] = (settings, { name }, how) =>
  withConnection(settings, { store: name, label: how.label }, (connection) =>
    initBucket(name, connection, how),
  );

export const wipe: Methods['wipe'] = (settings, { name }, how) =>
  withConnection(settings, { store: name, label: how.label }, async (connection) => {
    try {
      const objects = new S3Objects(name, connection);
      const removed = await emptyPrefixes(connection, objects, [documentFolder(settings)], how);
      return removed === 0 ? [] : [`removed ${removed} documents from bucket ${settings.bucket}`];
    } catch (error) {
      throw connection.error(error);
    }
  });
