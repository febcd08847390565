/** Every crash of a period, page by page. Where a page ends is a place in the index, not a number of rows. */
import type { SqliteFile } from '../../database/sqlite-file.ts';
import type { SqlValue } from '../../database/sqlite-protocol.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import type { Row, ScanRequest } from '../../search/query.ts';
import { type FieldColumn, shownValue } from './field-columns.ts';
import type { FieldRegistry } from './field-registry.ts';
import { bound } from './predicates.ts';

/** A page is over at the first of the two. */
const PAGE_ROWS = 2000;
const PAGE_BYTES = 4 * 1024 * 1024;

/** Columns that are no fields. */
const EXTRA: ReadonlyMap<string, string> = new Map([
  ['signature_input', 's.input'],
  ['signature_trace', 's.trace'],
]);

interface Column {
  readonly name: string;
  readonly sql: string;
  show(stored: SqlValue): unknown;
}

const jsonOrNull = (stored: SqlValue): unknown =>
  stored === null ? null : (JSON.parse(String(stored)) as unknown);

function columnOf(name: string, fields: ReadonlyMap<string, FieldColumn>): Column {
  const extra = EXTRA.get(name);
  if (extra) return { name, sql: extra, show: jsonOrNull };
  const field = fields.get(name);
  if (!field) throw new QueryError('invalid', `unknown field: ${name}`, [name]);
  const show =
    field.kind === 'text' || field.kind === 'number'
      ? (stored: SqlValue) => stored
      : (stored: SqlValue) => shownValue(field, stored);
  return { name, sql: `c."${field.column}"`, show };
}

/** Keyset pages: whatever is saved or removed meanwhile, no crash comes twice and none is passed over. */
function pageSql(columns: readonly Column[]): string {
  const join = columns.some((column) => EXTRA.has(column.name))
    ? 'left join signature_data as s on s.n = c.n'
    : '';
  return `select ${['c.id', 'c.date', ...columns.map((column) => column.sql)].join(', ')}
    from crash as c indexed by crash_date ${join}
    where (c.date, c.id) > (?, ?) and c.date < ? order by c.date, c.id limit ${PAGE_ROWS}`;
}

export async function* scanCrashes(
  file: SqliteFile,
  registry: FieldRegistry,
  request: ScanRequest,
  options: CallOptions = {},
): AsyncGenerator<Row> {
  const names = request.columns.filter((name) => !EXTRA.has(name));
  const fields = await registry.find(names, options);
  const columns = request.columns.map((name) => columnOf(name, fields));
  const sql = pageSql(columns);
  const to = bound(request.to);
  const page = (date: string, id: string) =>
    file.query({ sql, parameters: [date, id, to] }, { ...options, maxBytes: PAGE_BYTES });
  let pending = page(bound(request.from), '');
  for (;;) {
    const { rows, more } = await pending;
    const last = rows.at(-1);
    const ended = !last || (rows.length < PAGE_ROWS && !more);
    if (!ended) {
      // Read while the caller works on this one. Should he stop, nobody asks how it went.
      pending = page(String(last[1]), String(last[0]));
      pending.catch(() => undefined);
    }
    for (const row of rows) yield rowOf(columns, row);
    if (ended) return;
  }
}

function rowOf(columns: readonly Column[], stored: readonly SqlValue[]): Row {
  const row: Record<string, unknown> & { id: CrashId } = { id: stored[0] as CrashId };
  for (let i = 0; i < columns.length; i += 1) {
    const column = columns[i];
    if (column) row[column.name] = column.show(stored[i + 2] ?? null);
  }
  return row;
}
