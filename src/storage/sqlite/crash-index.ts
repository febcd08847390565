/** The table `crash` of a file, to be searched: on the reading thread. */
import { type Kysely, sql } from 'kysely';
import type { SqliteFile } from '../../database/sqlite-file.ts';
import type { SqlValue } from '../../database/sqlite-protocol.ts';
import type { SqlIndex } from '../sql-search/sql-index.ts';
import type { FieldRegistry } from './field-registry.ts';
import { SQLITE } from './search-dialect.ts';

/** `kysely` compiles. */
export function crashIndex(
  store: string,
  file: SqliteFile,
  registry: FieldRegistry,
  kysely: Kysely<unknown>,
): SqlIndex {
  return {
    store,
    dialect: SQLITE,
    table: sql.raw('crash'),
    find: (names, options) => registry.find(names, options),
    async ask(statement, options) {
      const { sql: text, parameters } = statement.compile(kysely);
      const { rows } = await file.query({ sql: text, parameters: parameters as SqlValue[] }, options);
      return rows;
    },
  };
}
