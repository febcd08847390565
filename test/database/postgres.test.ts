/** What is Postgres's own: settings that are wrong, servers that go away, the pool that everybody shares. */
import { createServer, type Server } from 'node:net';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { PostgresPool } from '../../src/database/postgres-pool.ts';
import { labelWith, POSTGRES_DEFAULTS, type PostgresSettings } from '../../src/database/postgres-settings.ts';
import { silentLog } from '../../src/lib/log.ts';
import {
  asSuperuser,
  postgresMissing,
  postgresServer,
  rowsOf,
  scratchDatabase,
  unusedName,
  urlOf,
} from '../build/postgres.ts';

const open = (url: string, settings: Partial<PostgresSettings> = {}) =>
  openDatabase(url, { log: silentLog, postgres: { ...POSTGRES_DEFAULTS, ...settings } });

async function fresh(settings: Partial<PostgresSettings> = {}) {
  const scratch = await scratchDatabase();
  onTestFinished(() => scratch.drop());
  const database = await open(scratch.url, settings);
  onTestFinished(() => database.close());
  return { url: scratch.url, name: scratch.name, database, db: database.tables<Record<string, never>>() };
}

const changed = (change: (url: URL) => void): string => {
  const url = new URL(postgresServer().url);
  change(url);
  return url.href;
};

/** A port at which nobody listens, or one whose owner says nothing. */
async function portOf(listening: boolean): Promise<number> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  if (!listening) await close();
  else onTestFinished(() => void server.close());
  return port;
}

const connections = async (name: string): Promise<number> => {
  const [row] = await rowsOf(
    postgresServer().url,
    'select count(*)::integer as n from pg_stat_activity where datname = $1',
    [name],
  );
  return Number(row?.['n']);
};

describe.skipIf(postgresMissing)(`postgres ${postgresMissing ?? ''}`, () => {
  describe('settings that are wrong: one line with the setting and the remedy, and never the password', () => {
    const fails = async (
      url: string,
      code: string,
      says: RegExp,
      settings: Partial<PostgresSettings> = {},
    ) => {
      const error = await open(url, settings).then(
        () => expect.fail('it opened'),
        (e: unknown) => e as Error & { readonly code: string },
      );
      expect(error.message).toMatch(says);
      expect(error.code).toBe(code);
      expect(error.message).not.toMatch(/\n|hunter2/);
    };

    it('a port at which nobody listens', async () => {
      const port = String(await portOf(false));
      const url = changed((u) => Object.assign(u, { port, password: 'hunter2' }));
      await fails(url, 'unavailable', /nobody listens there \(ECONNREFUSED\);.*correct DATABASE_URL/);
    });

    it('a port at which somebody else listens', async () => {
      const port = String(await portOf(true));
      const url = changed((u) => Object.assign(u, { port }));
      const begun = performance.now();
      await fails(url, 'unavailable', /no connection within DATABASE_CONNECT_TIMEOUT/, {
        connect_timeout: 300,
      });
      expect(performance.now() - begun).toBeLessThan(5000);
    });

    it('a host that does not exist', () =>
      fails('postgres://u:hunter2@no-such-host.invalid/x', 'unavailable', /correct DATABASE_URL/));

    it('a database that does not exist', async () => {
      const name = unusedName();
      await fails(
        urlOf(name),
        'unavailable',
        new RegExp(`there is no database ${name}; create it.*DATABASE_URL`),
      );
    });

    it('a user that does not exist', () =>
      fails(
        changed((u) => Object.assign(u, { username: 'nobody_of_that_name', password: 'hunter2' })),
        'permission_denied',
        /DATABASE_URL/,
      ));

    it('TLS with a server that has none', () =>
      fails(postgresServer().url, 'invalid', /the server has no TLS; set DATABASE_TLS=disable/, {
        tls: 'require',
      }));

    it('TLS by the URL, with a mode that protects nobody', () =>
      fails(
        changed((u) => u.searchParams.set('sslmode', 'prefer')),
        'invalid',
        /DATABASE_URL: sslmode=prefer is not one of disable, require/,
      ));

    it('an authority that cannot be read', () =>
      fails(postgresServer().url, 'invalid', /DATABASE_TLS_CA: \/no\/such\/file cannot be read/, {
        tls: 'verify-full',
        tls_ca: '/no/such/file',
      }));

    it('a URL that names no host, user or database, or has an unknown parameter', async () => {
      await fails('postgres:///x?user=u', 'invalid', /DATABASE_URL names no host/);
      await fails('postgres://127.0.0.1/x', 'invalid', /DATABASE_URL names no user/);
      await fails('postgres://u@127.0.0.1', 'invalid', /DATABASE_URL names no database/);
      await fails('postgres://u@127.0.0.1/x?colour=red', 'invalid', /unknown parameter colour/);
    });

    it('a database in another encoding', async () => {
      const name = unusedName();
      await asSuperuser((client) =>
        client.query(
          `create database "${name}" encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0`,
        ),
      );
      onTestFinished(() =>
        asSuperuser(async (client) => void (await client.query(`drop database "${name}"`))),
      );
      await fails(
        urlOf(name),
        'invalid',
        /keeps text as SQL_ASCII; let DATABASE_URL name one made with encoding UTF8/,
      );
    });

    it('a wrong password', async () => {
      const { readFile, writeFile } = await import('node:fs/promises');
      const [row] = await rowsOf(postgresServer().url, 'show hba_file');
      const file = String(row?.['hba_file']);
      const user = unusedName();
      const before = await readFile(file, 'utf8');
      await asSuperuser((client) => client.query(`create role "${user}" login password 'right'`));
      const reload = () => asSuperuser((client) => client.query('select pg_reload_conf()'));
      onTestFinished(async () => {
        const now = await readFile(file, 'utf8');
        await writeFile(file, now.replace(`host all "${user}" 127.0.0.1/32 scram-sha-256\n`, ''));
        await reload();
        await asSuperuser((client) => client.query(`drop role "${user}"`));
      });
      await writeFile(file, `host all "${user}" 127.0.0.1/32 scram-sha-256\n${before}`);
      await reload();
      const as = (password: string) => changed((u) => Object.assign(u, { username: user, password }));
      await expect
        .poll(() => open(as('hunter2')).catch((e: Error) => e.message), { timeout: 5000 })
        .toMatch(new RegExp(`the password of ${user} is wrong; correct it in DATABASE_URL`));
      await fails(as('hunter2'), 'permission_denied', /correct it in DATABASE_URL/);
      await fails(
        as(''),
        'permission_denied',
        /the server wants a password of .*; write it into DATABASE_URL/,
      );
    });
  });

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
