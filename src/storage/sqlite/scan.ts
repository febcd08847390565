/** Pages of a scan, as the file gives them. */
import type { SqliteFile } from '../../database/sqlite-file.ts';
import type { SqlValue } from '../../database/sqlite-protocol.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Row, ScanRequest } from '../../search/query.ts';
import { bound } from '../sql-search/predicates.ts';
import { type Page, type Place, pagesAfter, type ScanColumn, scanColumns } from '../sql-search/scan.ts';
import type { SqlIndex } from '../sql-search/sql-index.ts';

/** A page is over at the first of the two. */
const PAGE_ROWS = 2000;
const PAGE_BYTES = 4 * 1024 * 1024;

function pageSql(columns: readonly ScanColumn[]): string {
  const join = columns.some((column) => column.isExtra) ? 'left join signature_data as s on s.n = c.n' : '';
  return `select ${['c.id', 'c.date', ...columns.map((column) => column.sql)].join(', ')}
    from crash as c indexed by crash_date ${join}
    where (c.date, c.id) > (?, ?) and c.date < ? order by c.date, c.id limit ${PAGE_ROWS}`;
}

export async function* scanCrashes(
  file: SqliteFile,
  index: SqlIndex,
  request: ScanRequest,
  options: CallOptions = {},
): AsyncGenerator<Row> {
  const columns = await scanColumns(index, request.columns, options);
  const sql = pageSql(columns);
  const to = bound(request.to);
  const read = async ({ date, id }: Place): Promise<Page<readonly SqlValue[]>> => {
    const { rows, more } = await file.query(
      { sql, parameters: [date, id, to] },
      { ...options, maxBytes: PAGE_BYTES },
    );
    const last = rows.at(-1);
    const isLast = !last || (rows.length < PAGE_ROWS && !more);
    return { rows, end: isLast ? undefined : { date: String(last[1]), id: String(last[0]) } };
  };
  for await (const rows of pagesAfter(bound(request.from), read))
    for (const row of rows) yield rowOf(columns, row);
}

function rowOf(columns: readonly ScanColumn[], stored: readonly SqlValue[]): Row {
  const row: Record<string, unknown> & { id: CrashId } = { id: stored[0] as CrashId };
  for (let i = 0; i < columns.length; i += 1) {
    const column = columns[i];
    if (column) row[column.name] = column.show(stored[i + 2] ?? null);
  }
  return row;
}
