/** The fields that have columns, as the database has them: applied by this process or another. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { PostgresSession } from '../../database/postgres-session.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { refuseUnknown } from '../../search/known-fields.ts';
import type { FieldColumn, Fields } from '../sql-search/field-columns.ts';
import { columnOf, columnsNeeded } from './field-columns.ts';
import type { Tables } from './tables.ts';

/** Leaves room for a prefix within the 63 bytes of a name of Postgres. */
const NAME = /^[a-z][a-z0-9_]{0,58}$/;

export class FieldRegistry {
  readonly #pool: PostgresPool;
  readonly #tables: Tables;
  #fields: Fields = new Map();
  #version = -1;

  constructor(pool: PostgresPool, tables: Tables) {
    this.#pool = pool;
    this.#tables = tables;
  }

  get fields(): Fields {
    return this.#fields;
  }

  /** Counts the changes of the definitions: what it was when the fields were read. */
  get version(): number {
    return this.#version;
  }

  /** SQL that gives the version of now. */
  get versionSql(): string {
    return `(select version from ${this.#tables.fieldVersion})`;
  }

  /** Reads what is in the database now. */
  async load(options: CallOptions = {}): Promise<void> {
    const { rows } = await this.#pool.query<{ readonly version: number; readonly definitions: string[] }>(
      `select version, array(select definition from ${this.#tables.field} order by name) as definitions
        from ${this.#tables.fieldVersion}`,
      [],
      options,
    );
    const columns = (rows[0]?.definitions ?? []).map((text) => columnOf(JSON.parse(text) as FieldDefinition));
    this.#fields = new Map(columns.map((c) => [c.definition.name, c]));
    this.#version = rows[0]?.version ?? -1;
  }

  /** Adds what is missing, in one transaction: two processes that do so at once add it once. */
  async apply(definitions: readonly FieldDefinition[], options: CallOptions = {}): Promise<void> {
    for (const { name } of definitions) {
      if (!NAME.test(name)) throw new QueryError('invalid', `${name} is no name for a field`, [name]);
    }
    await this.#pool.transaction((session) => this.#apply(session, definitions), {
      ...options,
      // A partition that is made at the same time must not miss a column.
      lock: this.#tables.lock('layout'),
    });
    await this.load(options);
  }

  async #apply(session: PostgresSession, definitions: readonly FieldDefinition[]): Promise<void> {
    const { field, fieldVersion } = this.#tables;
    const { rows } = await session.query<{ readonly name: string; readonly definition: string }>(
      `select name, definition from ${field}`,
    );
    const known = new Map(rows.map(({ name, definition }) => [name, definition]));
    const changed = definitions
      .map((definition) => ({ definition, text: JSON.stringify(definition) }))
      .filter(({ definition, text }) => known.get(definition.name) !== text);
    if (changed.length === 0) return;
    await this.#addColumns(session, definitions.map(columnOf));
    for (const { definition, text } of changed)
      await session.query(
        `insert into ${field} (name, definition) values ($1, $2)
          on conflict (name) do update set definition = excluded.definition`,
        [definition.name, text],
      );
    await session.query(`update ${fieldVersion} set version = version + 1`);
  }

  /** All in one statement, because each locks the table. */
  async #addColumns(session: PostgresSession, fields: readonly FieldColumn[]): Promise<void> {
    const { crash } = this.#tables;
    const { rows } = await session.query<{ readonly name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
      [crash],
    );
    const present = new Set(rows.map(({ name }) => name));
    const added = fields
      .flatMap(columnsNeeded)
      .filter(([column]) => !present.has(column))
      .map(([column, type]) => `add column if not exists "${column}" ${type}`);
    if (added.length > 0) await session.query(`alter table ${crash} ${[...new Set(added)].join(', ')}`);
    // Nearly every question on the site is of a signature within a period.
    if (fields.some(({ column }) => column === 't_signature'))
      await session.query(`create index if not exists crash_signature on ${crash} (t_signature, date)`);
  }

  /** The fields of these names; looked up again, because another process may have added one. */
  async find(names: readonly string[], options: CallOptions = {}): Promise<Fields> {
    if (names.some((name) => !this.#fields.has(name))) await this.load(options);
    refuseUnknown(names, this.#fields);
    return this.#fields;
  }
}
