/** Pages of a scan, as the server gives them. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Row, ScanRequest } from '../../search/query.ts';
import { bound } from '../sql-search/predicates.ts';
import { type Page, type Place, pagesAfter, type ScanColumn, scanColumns } from '../sql-search/scan.ts';
import type { SqlIndex } from '../sql-search/sql-index.ts';
import type { Tables } from './tables.ts';

const PAGE_ROWS = 2000;
/** With the input of a signature a row has tens of kilobytes. */
const PAGE_ROWS_WITH_EXTRAS = 200;

type Stored = Place & Readonly<Record<string, unknown>>;

const pageSql = (tables: Tables, columns: readonly ScanColumn[], limit: number): string =>
  `select ${['c.id as id', 'c.date as date', ...columns.map(({ sql }, i) => `${sql} as v_${i}`)].join(', ')}
    from ${tables.crash} as c
    where (c.date, c.id) > ($1, $2) and c.date < $3 order by c.date, c.id limit ${limit}`;

export async function* scanCrashes(
  pool: PostgresPool,
  tables: Tables,
  index: SqlIndex,
  request: ScanRequest,
  options: CallOptions = {},
): AsyncGenerator<Row> {
  const columns = await scanColumns(index, request.columns, options);
  const limit = columns.some((column) => column.isExtra) ? PAGE_ROWS_WITH_EXTRAS : PAGE_ROWS;
  const sql = pageSql(tables, columns, limit);
  const to = bound(request.to);
  const read = async ({ date, id }: Place): Promise<Page<Stored>> => {
    const { rows } = await pool.query<Stored>(sql, [date, id, to], options);
    return { rows, end: rows.length < limit ? undefined : rows.at(-1) };
  };
  for await (const rows of pagesAfter(bound(request.from), read))
    for (const row of rows) yield rowOf(columns, row);
}

function rowOf(columns: readonly ScanColumn[], stored: Stored): Row {
  const row: Record<string, unknown> & { id: CrashId } = { id: stored.id as CrashId };
  for (const [i, column] of columns.entries()) row[column.name] = column.show(stored[`v_${i}`]);
  return row;
}
