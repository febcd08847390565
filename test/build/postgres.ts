/** Databases of a test's own on the Postgres that `npm run engines -- up postgres` started. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { type Engine, engine } from './engines.ts';

const state = engine('postgres');

/** Why there is no Postgres here: for a harness's `missing`, or `it.skip`. */
export const postgresMissing: string | undefined = 'missing' in state ? state.missing : undefined;

/** Of the server; only where it is not missing. */
export const postgresServer = (): Engine => {
  if ('missing' in state) throw new Error(state.missing);
  return state;
};

/** A connection as superuser, closed when the work has ended. */
export async function asSuperuser<T>(
  work: (client: pg.Client) => Promise<T>,
  url: string = postgresServer().url,
): Promise<T> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export interface ScratchDatabase {
  readonly name: string;
  readonly url: string;
  /** With whoever is connected to it. */
  drop(): Promise<void>;
}

export const urlOf = (name: string): string => {
  const url = new URL(postgresServer().url);
  url.pathname = `/${name}`;
  return url.href;
};

/** The name of a database that does not exist. */
export const unusedName = (): string => `auxilio_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;

export const dropDatabase = (name: string): Promise<void> =>
  asSuperuser(async (client) => {
    await client.query(`drop database if exists "${name}" with (force)`);
  });

export async function scratchDatabase(): Promise<ScratchDatabase> {
  const name = unusedName();
  await asSuperuser((client) =>
    client.query(`create database "${name}" encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template template0`),
  );
  return { name, url: urlOf(name), drop: () => dropDatabase(name) };
}

/** Rows of one statement in a database. */
export const rowsOf = (url: string, sql: string, values: readonly unknown[] = []) =>
  asSuperuser(
    async (client) => (await client.query(sql, [...values])).rows as Record<string, unknown>[],
    url,
  );
