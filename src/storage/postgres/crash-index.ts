/** The table `crash` of a schema, to be searched. */
import { type Kysely, sql } from 'kysely';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { SqlIndex } from '../sql-search/sql-index.ts';
import type { FieldRegistry } from './field-registry.ts';
import { POSTGRES } from './search-dialect.ts';
import type { Tables } from './tables.ts';

/** `kysely` compiles. */
export function crashIndex(
  store: string,
  pool: PostgresPool,
  tables: Tables,
  registry: FieldRegistry,
  kysely: Kysely<unknown>,
): SqlIndex {
  return {
    store,
    dialect: POSTGRES,
    table: sql.raw(tables.crash),
    find: (names, options) => registry.find(names, options),
    async ask(statement, options) {
      const { sql: text, parameters } = statement.compile(kysely);
      const { rows } = await pool.query(text, parameters, options);
      return rows.map((row) => Object.values(row));
    },
  };
}
