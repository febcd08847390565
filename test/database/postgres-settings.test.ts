/** Settings of a Postgres that are wrong, and what is said of each. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { POSTGRES_DEFAULTS, type PostgresSettings } from '../../src/database/postgres-settings.ts';
import { silentLog } from '../../src/lib/log.ts';
import { failureOf } from '../build/failure.ts';
import { listening, unusedPort } from '../build/listening.ts';
import {
  asSuperuser,
  postgresMissing,
  postgresServer,
  rowsOf,
  unusedName,
  urlOf,
} from '../build/postgres.ts';

const open = (url: string, settings: Partial<PostgresSettings> = {}) =>
  openDatabase(url, { log: silentLog, postgres: { ...POSTGRES_DEFAULTS, ...settings } });

const changed = (change: (url: URL) => void): string => {
  const url = new URL(postgresServer().url);
  change(url);
  return url.href;
};

describe.skipIf(postgresMissing)(`postgres${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`, () => {
  describe('settings that are wrong: one line with the setting and the remedy, and never the password', () => {
    const fails = async (
      url: string,
      code: string,
      says: RegExp,
      settings: Partial<PostgresSettings> = {},
    ) => {
      const error = await failureOf(open(url, settings));
      expect(error.message).toMatch(says);
      expect(error.code).toBe(code);
      expect(error.message).not.toMatch(/\n|hunter2/);
    };

    it('a port at which nobody listens', async () => {
      const port = String(await unusedPort());
      const url = changed((u) => Object.assign(u, { port, password: 'hunter2' }));
      await fails(url, 'unavailable', /nobody listens there \(ECONNREFUSED\);.*correct DATABASE_URL/);
    });

    it('a port at which somebody else listens', async () => {
      await using mute = await listening(createServer(() => undefined));
      const port = String(mute.port);
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
});
