/** The fields that have columns, as the file has them: applied by this process or another. */
import type { SqliteFile } from '../../database/sqlite-file.ts';
import type { SqlValue, Statement } from '../../database/sqlite-protocol.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { refuseUnknown } from '../../search/known-fields.ts';
import { columnOf, type Fields } from '../sql-search/field-columns.ts';
import { columnsNeeded } from './field-columns.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What is worth an index: nearly every question on the site is of these within a period. */
const INDICES: readonly (readonly [field: string, sql: string])[] = [
  ['signature', 'create index if not exists crash_signature on crash (t_signature, date)'],
];

/** Counts the changes of the definitions, in the head of the file: costs nothing to read. */
export const VERSION: Statement = { sql: 'select user_version from pragma_user_version' };

export class FieldRegistry {
  readonly #file: SqliteFile;
  #fields: Fields = new Map();
  #version: SqlValue = null;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  get fields(): Fields {
    return this.#fields;
  }

  /** What `VERSION` found when the fields were read. */
  get version(): SqlValue {
    return this.#version;
  }

  /** Reads what is in the file now. */
  async load(options: CallOptions = {}): Promise<void> {
    // First, so that a change in between is noticed later rather than never.
    const version = (await this.#file.query(VERSION, options)).rows[0]?.[0] ?? null;
    const { rows } = await this.#file.query({ sql: 'select definition from field order by name' }, options);
    const columns = rows.map(([text]) => columnOf(JSON.parse(String(text)) as FieldDefinition));
    this.#fields = new Map(columns.map((c) => [c.definition.name, c]));
    this.#version = version;
  }

  /** Adds what is missing, in one transaction: two processes that do so at once add it once. */
  async apply(definitions: readonly FieldDefinition[], options: CallOptions = {}): Promise<void> {
    for (const { name } of definitions) {
      if (!NAME.test(name)) throw new QueryError('invalid', `${name} is no name for a field`, [name]);
    }
    await this.#file.transaction(async (tx) => {
      const info = await tx.run({ sql: "select name from pragma_table_info('crash')" });
      const present = new Set(info.rows.map(([name]) => String(name)));
      const { rows } = await tx.run({ sql: 'select name, definition from field' });
      const known = new Map(rows.map(([name, text]) => [name, text]));
      let changed = false;
      for (const definition of definitions) {
        const text = JSON.stringify(definition);
        if (known.get(definition.name) === text) continue;
        changed = true;
        for (const [column, type] of columnsNeeded(columnOf(definition))) {
          if (present.has(column)) continue;
          await tx.run({ sql: `alter table crash add column ${quoted(column)} ${type}` });
          present.add(column);
        }
        await tx.run({
          sql: 'insert into field (name, definition) values (?, ?) on conflict (name) do update set definition = excluded.definition',
          parameters: [definition.name, text],
        });
      }
      for (const [field, sql] of INDICES) {
        if (definitions.some((d) => d.name === field && d.type === 'keyword' && !d.many))
          await tx.run({ sql });
      }
      if (changed) {
        const version = Number((await tx.run(VERSION)).rows[0]?.[0] ?? 0);
        await tx.run({ sql: `pragma user_version = ${(version + 1) % 2 ** 31}` });
      }
    }, options);
    await this.load(options);
  }

  /** The field of that name; looked up again in the file, because another process may have added it. */
  async find(names: readonly string[], options: CallOptions = {}): Promise<Fields> {
    if (names.some((name) => !this.#fields.has(name))) await this.load(options);
    refuseUnknown(names, this.#fields);
    return this.#fields;
  }
}
