/** What is Postgres's own: servers that go away, time-outs, the pool that everybody shares. */
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { PostgresPool } from '../../src/database/postgres-pool.ts';
import { labelWith, POSTGRES_DEFAULTS, type PostgresSettings } from '../../src/database/postgres-settings.ts';
import { silentLog } from '../../src/lib/log.ts';
import { asSuperuser, postgresMissing, postgresServer, rowsOf, scratchDatabase } from '../build/postgres.ts';

const open = (url: string, settings: Partial<PostgresSettings> = {}) =>
  openDatabase(url, { log: silentLog, postgres: { ...POSTGRES_DEFAULTS, ...settings } });

async function fresh(settings: Partial<PostgresSettings> = {}) {
  const scratch = await scratchDatabase();
  onTestFinished(() => scratch.drop());
  const database = await open(scratch.url, settings);
  onTestFinished(() => database.close());
  return { url: scratch.url, name: scratch.name, database, db: database.tables<Record<string, never>>() };
}

const connections = async (name: string): Promise<number> => {
  const [row] = await rowsOf(
    postgresServer().url,
    'select count(*)::integer as n from pg_stat_activity where datname = $1',
    [name],
  );
  return Number(row?.['n']);
};

describe.skipIf(postgresMissing)(`postgres${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`, () => {
  describe('a server that goes away', () => {
    it('ends idle connections: this process lives on, and the next call has a new one', async () => {
      const { name, database } = await fresh();
      await database.health();
      await asSuperuser((client) =>
        client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]),
      );
      await expect
        .poll(() =>
          database.health().then(
            () => 'well',
            () => 'not yet',
          ),
        )
        .toBe('well');
    });

    it('ends a statement under way: unavailable, and the transaction is undone', async () => {
      const { name, database, db } = await fresh();
      await sql`create table t (n integer)`.execute(db);
      const work = db.transaction().execute(async (tx) => {
        await sql`insert into t values (1)`.execute(tx);
        await sql`select pg_sleep(30)`.execute(tx);
      });
      const failed = expect(work).rejects.toMatchObject({ code: 'unavailable', retryable: true });
      await expect
        .poll(() =>
          rowsOf(
            postgresServer().url,
            `select 1 from pg_stat_activity where datname = $1 and query like '%pg_sleep%'`,
            [name],
          ),
        )
        .toHaveLength(1);
      await asSuperuser((client) =>
        client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]),
      );
      await failed;
      await expect
        .poll(() =>
          database.health().then(
            () => 'well',
            () => 'not yet',
          ),
        )
        .toBe('well');
      expect((await sql`select * from t`.execute(db)).rows).toEqual([]);
    });
  });

  describe('time-outs', () => {
    it('of a statement: timeout, and its setting', async () => {
      const { db } = await fresh({ statement_timeout: 200 });
      const slow = sql`select pg_sleep(20)`.execute(db);
      await expect(slow).rejects.toMatchObject({ code: 'timeout', retryable: true });
      await expect(sql`select pg_sleep(20)`.execute(db)).rejects.toThrow(/DATABASE_STATEMENT_TIMEOUT/);
    });

    it('of a lock: unavailable, and its setting', async () => {
      const { db } = await fresh({ lock_timeout: 100 });
      await sql`create table t (n integer)`.execute(db);
      await db.transaction().execute(async (tx) => {
        await sql`lock table t`.execute(tx);
        const other = sql`select * from t`.execute(db);
        await expect(other).rejects.toMatchObject({ code: 'unavailable' });
        await expect(sql`select * from t`.execute(db)).rejects.toThrow(/DATABASE_LOCK_TIMEOUT/);
      });
    });

    it('of a pool whose connections are all in use', async () => {
      const { db } = await fresh({ pool_size: 1, connect_timeout: 2000, statement_timeout: 300 });
      await db.transaction().execute(async (tx) => {
        await sql`select 1`.execute(tx);
        await expect(sql`select 1`.execute(db)).rejects.toThrow(
          /all connections were in use for too long; raise DATABASE_POOL_SIZE/,
        );
      });
      await sql`select 1`.execute(db);
    });
  });

  describe('the pool', () => {
    const poolOf = (url: string, settings: Partial<PostgresSettings> = {}) =>
      new PostgresPool({
        url,
        settings: { ...POSTGRES_DEFAULTS, ...settings },
        label: labelWith('DATABASE'),
        log: silentLog,
      });

    it('is one for all who have the same URL, as large as the largest, and ends with the last', async () => {
      const { url, name, database } = await fresh({ pool_size: 2 });
      const [small, large] = [poolOf(url, { pool_size: 1 }), poolOf(url, { pool_size: 3 })];
      await Promise.all(
        [small, large, small, large, small].map((pool) => pool.query('select pg_sleep(0.1)')),
      );
      expect(await connections(name)).toBe(3);
      await small.close();
      await expect(small.query('select 1')).rejects.toMatchObject({ code: 'closed' });
      await large.query('select 1');
      await large.close();
      await database.health();
      await database.close();
      await expect.poll(() => connections(name)).toBe(0);
    });

    it('gives a connection back after an error, and not one with an open transaction', async () => {
      const { url } = await fresh();
      const pool = poolOf(url, { pool_size: 1, lock_timeout: 7 });
      onTestFinished(() => pool.close());
      for (let i = 0; i < 3; i += 1) {
        const failed = pool.transaction(async (session) => {
          await session.query('create table t (n integer)');
          await session.query('select 1 / 0');
        });
        await expect(failed).rejects.toMatchObject({ code: 'invalid' });
      }
      expect((await pool.query(`select to_regclass('t') as t`)).rows).toEqual([{ t: null }]);
    });

    it('an abort ends a transaction within seconds, and undoes it', async () => {
      const { url } = await fresh();
      const pool = poolOf(url);
      onTestFinished(() => pool.close());
      await pool.query('create table t (n integer)');
      const stop = new AbortController();
      const begun = performance.now();
      const work = pool.transaction(
        async (session) => {
          await session.query('insert into t values (1)');
          setTimeout(() => stop.abort(), 50);
          await session.query('select pg_sleep(20)');
        },
        { signal: stop.signal },
      );
      await expect(work).rejects.toMatchObject({ code: 'aborted' });
      expect(performance.now() - begun).toBeLessThan(4000);
      expect((await pool.query('select * from t')).rows).toEqual([]);
    });
  });
});
