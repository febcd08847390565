/** A `Database` on PostgreSQL. */
import { Kysely } from 'kysely';
import type { Database } from './contract.ts';
import { DatabaseError } from './errors.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { type ConnectionOptions, type PostgresOptions, PostgresPool } from './postgres-pool.ts';
import type { PostgresSession } from './postgres-session.ts';

/** Closing the database closes the pool, when nobody else has it. */
export function postgresDatabase(pool: PostgresPool): Database {
  const kysely = new Kysely<unknown>({ dialect: postgresDialect(pool) });
  return {
    engine: 'postgres',
    label: pool.label,
    tables: <Tables>() => kysely as unknown as Kysely<Tables>,
    withConnection: <Tables, T>(
      work: (db: Kysely<Tables>) => Promise<T>,
      { signal, single }: ConnectionOptions = {},
    ) =>
      single
        ? pool.withSession((session) => work(onSession<Tables>(session)), { single, signal })
        : kysely
            .connection()
            .execute((db) => work(db as unknown as Kysely<Tables>), signal ? { signal } : {}),
    health: (options) => pool.health(options),
    close: () => pool.close(),
  };
}

/** Kysely on this one connection, which stays the caller's. */
function onSession<Tables>(session: PostgresSession): Kysely<Tables> {
  const source = { checkOut: async () => ({ session, release: () => undefined }) };
  return new Kysely<Tables>({ dialect: postgresDialect(source) });
}

/** Rejects when the server cannot be had, or keeps text in another form than we write it. */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const pool = new PostgresPool(options);
  try {
    await checkServer(pool);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return postgresDatabase(pool);
}

/** 14: partitions are detached while others read. */
const OLDEST = 140_000;

export async function checkServer(pool: PostgresPool): Promise<void> {
  const { rows } = await pool.query<{ readonly version: number; readonly encoding: string }>(
    `select current_setting('server_version_num')::integer as version, current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (!server || server.version < OLDEST)
    throw new DatabaseError('unsupported', `${pool.label}: PostgreSQL 14 or newer is needed`);
  if (server.encoding !== 'UTF8')
    throw new DatabaseError(
      'invalid',
      `${pool.label}: the database keeps text as ${server.encoding}; let ${pool.settingLabel('url')} name one made with encoding UTF8`,
    );
}
