/** Migrations: each room declares its own, in order; `app` collects them and runs them before anything else. */
import { type Kysely, sql } from 'kysely';
import { throwIfAborted } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';
import type { Database, Engine } from './contract.ts';
import { DatabaseError } from './errors.ts';

export interface Migration {
  /** `room/0001_what`; never renamed once released. */
  readonly name: string;
  /** Runs once in a transaction. Nothing but `db`: what happens elsewhere is not undone with it. */
  up(db: Kysely<unknown>, engine: Engine): Promise<void>;
}

interface Tables {
  readonly auxilio_migration: { readonly name: string; readonly applied_at: string };
}

export interface MigrateOptions extends CallOptions {
  /** Postgres: the schema in which the record of migrations lies, which must be there. Default: that of the connection. */
  readonly schema?: string | undefined;
}

/**
 * Runs those that have not run in this database, in the order given, all in one transaction: they are all there or
 * none is. Safe when several processes start at once (one of them runs them) and when run again. Returns the names
 * of those it ran. Rejects with `invalid` when two have one name.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  { signal, schema }: MigrateOptions = {},
): Promise<readonly string[]> {
  const names = new Set(migrations.map((m) => m.name));
  if (names.size !== migrations.length) throw new DatabaseError('invalid', 'two migrations have one name');
  throwIfAborted(signal);
  return database
    .tables<Tables>()
    .transaction()
    .execute(async (plain) => {
      const tx = schema === undefined ? plain : plain.withSchema(schema);
      if (database.engine === 'postgres') await alone(plain);
      await createRecord(tx, database.engine, schema);
      const rows = await tx.selectFrom('auxilio_migration').select('name').execute();
      const applied = new Set(rows.map((r) => r.name));
      const missing = migrations.filter((m) => !applied.has(m.name));
      for (const migration of missing) {
        throwIfAborted(signal);
        await apply(tx, migration, database.engine);
      }
      return missing.map((m) => m.name);
    });
}

export interface MigrationState {
  readonly name: string;
  /** ISO 8601; undefined for one that has not run. */
  readonly appliedAt: string | undefined;
  /** False for one that this version does not have: a newer one has been at work. */
  readonly isKnown: boolean;
}

/** What has run in this database and what has not, in order. Changes nothing. */
export async function migrationStates(
  database: Database,
  migrations: readonly Migration[],
  { signal }: CallOptions = {},
): Promise<readonly MigrationState[]> {
  const rows = (await hasRecord(database))
    ? await database
        .tables<Tables>()
        .selectFrom('auxilio_migration')
        .selectAll()
        .orderBy('name')
        .execute(signal ? { signal } : {})
    : [];
  const applied = new Map(rows.map(({ name, applied_at }) => [name, applied_at]));
  const known = migrations.map(({ name }) => ({ name, appliedAt: applied.get(name), isKnown: true }));
  const names = new Set(migrations.map(({ name }) => name));
  const others = rows.filter(({ name }) => !names.has(name));
  return [
    ...known,
    ...others.map(({ name, applied_at }) => ({ name, appliedAt: applied_at, isKnown: false })),
  ];
}

/** In the schema of the connection: a queue in the same database keeps a record of its own in its own schema. */
async function hasRecord(database: Database): Promise<boolean> {
  const db = database.tables<Tables>();
  if (database.engine === 'postgres') return isRecord(db, 'auxilio_migration');
  return (await db.introspection.getTables()).some(({ name }) => name === 'auxilio_migration');
}

async function isRecord(db: Kysely<Tables>, name: string): Promise<boolean> {
  const { rows } = await sql<{
    is_there: boolean;
  }>`select to_regclass(${name}) is not null as is_there`.execute(db);
  return rows[0]?.is_there ?? false;
}

/** Until the end of the transaction, however long the other one takes. SQLite's transactions exclude each other anyway. */
async function alone(tx: Kysely<Tables>): Promise<void> {
  await sql`set local lock_timeout = 0`.execute(tx);
  await sql`set local statement_timeout = 0`.execute(tx);
  await sql`select pg_advisory_xact_lock(4711, 815)`.execute(tx);
}

/** Postgres asks for the right to create even where `if not exists` creates nothing: a user without it may still run. */
async function createRecord(tx: Kysely<Tables>, engine: Engine, schema: string | undefined): Promise<void> {
  if (engine === 'postgres') {
    const name = schema === undefined ? 'auxilio_migration' : `"${schema}".auxilio_migration`;
    if (await isRecord(tx, name)) return;
  }
  await tx.schema
    .createTable('auxilio_migration')
    .ifNotExists()
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('applied_at', 'text', (c) => c.notNull())
    .execute();
}

async function apply(tx: Kysely<Tables>, migration: Migration, engine: Engine): Promise<void> {
  try {
    await migration.up(tx as unknown as Kysely<unknown>, engine);
  } catch (cause) {
    const code = cause instanceof DatabaseError ? cause.code : 'internal';
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError(code, `migration ${migration.name} failed: ${text}`, { cause });
  }
  const row = { name: migration.name, applied_at: new Date().toISOString() };
  await tx.insertInto('auxilio_migration').values(row).execute();
}
