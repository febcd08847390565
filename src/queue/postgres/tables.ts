/**
 * The tables of the queue, in one schema of Postgres.
 *
 *     task   waiting, delayed (`due` is to come) or in hand (`claim` says whose, until `lease_until`)
 *     dead   what was given up, and why
 *
 * All times are of the server's clock, so that consumers whose clocks differ agree.
 */
import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Migration } from '../../database/migrate.ts';

const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/;

export const isSchemaName = (name: string): boolean => SCHEMA.test(name) && !name.startsWith('pg_');

export class Tables {
  readonly schema: string;
  readonly task: string;
  readonly dead: string;
  /** What is told through NOTIFY: a lane that has a new task, or `forget` and a crash id. */
  readonly channel: string;
  /** SQL that waits until nobody else makes the tables. */
  readonly lock: string;

  constructor(schema: string) {
    this.schema = schema;
    this.task = `"${schema}".task`;
    this.dead = `"${schema}".dead`;
    this.channel = `${schema}_changes`;
    const key = createHash('sha256').update(`auxilio queue ${schema}`).digest().readInt32BE(0);
    this.lock = `select pg_advisory_xact_lock(4712, ${key})`;
  }
}

const initial = (t: Tables): readonly string[] => [
  `create table ${t.task} (
    id bigint generated always as identity primary key,
    lane text not null,
    crash_id text not null,
    ruleset text,
    used integer not null default 0,
    due timestamptz not null default clock_timestamp(),
    claim uuid,
    lease_until timestamptz,
    held boolean not null default false
  )`,
  `create index on ${t.task} (lane, due, id) where claim is null`,
  `create index on ${t.task} (lease_until) where claim is not null`,
  `create index on ${t.task} (crash_id)`,
  // Rows come and go by the thousand: leave dead ones to be cleared soon, not at a fifth of the table.
  `alter table ${t.task} set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, fillfactor = 70)`,
  `create table ${t.dead} (
    id bigint generated always as identity primary key,
    lane text not null,
    crash_id text not null,
    ruleset text,
    attempts integer not null,
    reason text not null,
    died_at timestamptz not null default clock_timestamp()
  )`,
  `create index on ${t.dead} (crash_id)`,
];

export const migrationsOf = (tables: Tables): readonly Migration[] => [
  {
    name: 'queue-postgres/0001_initial',
    async up(db: Kysely<unknown>) {
      for (const statement of initial(tables)) await sql.raw(statement).execute(db);
    },
  },
  {
    // A process died with it in hand: it is handled alone.
    name: 'queue-postgres/0002_suspect',
    async up(db: Kysely<unknown>) {
      await sql
        .raw(`alter table ${tables.task} add column suspect boolean not null default false`)
        .execute(db);
    },
  },
];
