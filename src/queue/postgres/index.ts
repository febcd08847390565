import { DatabaseSettingError } from '../../database/errors.ts';
import { PostgresPool } from '../../database/postgres-pool.ts';
import { defineQueue, type QueueContext } from '../definition.ts';
import { missingTables } from './missing-tables.ts';
import { openPostgresQueue, toQueueError } from './postgres-queue.ts';
import { type PostgresQueueSettings, postgresQueueSchema } from './settings.ts';
import { isSchemaName, Tables } from './tables.ts';

type Label = (key: string) => string;

/** Throws a `QueueError`. */
function connect(
  settings: PostgresQueueSettings,
  { log }: QueueContext,
  label: Label,
): { readonly pool: PostgresPool; readonly tables: Tables } {
  const { url, schema } = settings;
  const { pool_size, connect_timeout, statement_timeout, lock_timeout, tls, tls_ca } = settings;
  const connection = { pool_size, connect_timeout, statement_timeout, lock_timeout, tls, tls_ca };
  try {
    if (!isSchemaName(schema))
      throw new DatabaseSettingError(
        `${label('schema')}: ${schema} is no name for a schema: lower-case letters, digits and _, 40 at most`,
      );
    return { pool: new PostgresPool({ url, settings: connection, label, log }), tables: new Tables(schema) };
  } catch (error) {
    throw toQueueError(error);
  }
}

export default defineQueue<PostgresQueueSettings>({
  use: 'postgres',
  schema: postgresQueueSchema,
  open: async (settings, context, label) =>
    openPostgresQueue({ ...connect(settings, context, label), settings, log: context.log }),
  inspect: async (settings, context, label, call) => missingTables(connect(settings, context, label), call),
});
