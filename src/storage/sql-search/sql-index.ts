/** The table of processed crashes, as a search asks it. */
import type { CallOptions } from '../../model/report.ts';
import type { Fields } from './field-columns.ts';
import type { Expression, SearchDialect } from './search-dialect.ts';

/** A row of the answer, in the order of the columns asked for. */
export type Cells = readonly unknown[];

export interface SqlIndex {
  /** Name of the store. */
  readonly store: string;
  readonly dialect: SearchDialect;
  /** The table: `id`, `date` and the columns of the fields. */
  readonly table: Expression;
  /** The fields, these at least. Rejects with `QueryError` `invalid` when there is no such field. */
  find(names: readonly string[], options: CallOptions): Promise<Fields>;
  /** No two columns of a statement have one name. */
  ask(statement: Expression, options: CallOptions): Promise<readonly Cells[]>;
}
