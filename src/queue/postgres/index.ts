import { DatabaseError } from '../../database/errors.ts';
import { PostgresPool } from '../../database/postgres-pool.ts';
import { defineQueue } from '../definition.ts';
import { openPostgresQueue, toQueueError } from './postgres-queue.ts';
import { type PostgresQueueSettings, postgresQueueSchema } from './settings.ts';
import { isSchemaName, Tables } from './tables.ts';

export default defineQueue<PostgresQueueSettings>({
  use: 'postgres',
  schema: postgresQueueSchema,
  async open(settings, { log }, label) {
    const { url, schema } = settings;
    const { pool_size, connect_timeout, statement_timeout, lock_timeout, tls, tls_ca } = settings;
    const connection = { pool_size, connect_timeout, statement_timeout, lock_timeout, tls, tls_ca };
    let pool: PostgresPool;
    try {
      if (!isSchemaName(schema))
        throw new DatabaseError(
          'invalid',
          `${label('schema')}: ${schema} is no name for a schema: lower-case letters, digits and _, 40 at most`,
        );
      pool = new PostgresPool({ url, settings: connection, label, log });
    } catch (error) {
      throw toQueueError(error);
    }
    return openPostgresQueue({ pool, tables: new Tables(schema), settings, log });
  },
});
