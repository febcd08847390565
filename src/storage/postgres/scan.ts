/** Every crash of a period, page by page. Where a page ends is a place in the index, not a number of rows. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueryError } from '../../search/errors.ts';
import type { Row, ScanRequest } from '../../search/query.ts';
import type { FieldColumn } from './field-columns.ts';
import type { FieldRegistry } from './field-registry.ts';
import { bound } from './predicates.ts';
import type { Tables } from './tables.ts';

const PAGE_ROWS = 2000;
/** With the input of a signature a row has tens of kilobytes. */
const PAGE_ROWS_WITH_EXTRAS = 200;

/** Columns that are no fields. */
const EXTRA: ReadonlyMap<string, string> = new Map([
  ['signature_input', 'c.input'],
  ['signature_trace', 'c.trace'],
]);

interface Column {
  readonly name: string;
  readonly sql: string;
  show(stored: unknown): unknown;
}

const asStored = (stored: unknown): unknown => stored ?? null;
const parsed = (stored: unknown): unknown =>
  stored === null ? null : (JSON.parse(String(stored)) as unknown);

function columnOf(name: string, fields: ReadonlyMap<string, FieldColumn>): Column {
  const extra = EXTRA.get(name);
  if (extra) return { name, sql: extra, show: parsed };
  const field = fields.get(name);
  if (!field) throw new QueryError('invalid', `unknown field: ${name}`, [name]);
  return { name, sql: `c."${field.column}"`, show: asStored };
}

/** Keyset pages: whatever is saved or removed meanwhile, no crash comes twice and none is passed over. */
const pageSql = (tables: Tables, columns: readonly Column[], limit: number): string =>
  `select ${['c.id as id', 'c.date as date', ...columns.map(({ sql }, i) => `${sql} as v_${i}`)].join(', ')}
    from ${tables.crash} as c
    where (c.date, c.id) > ($1, $2) and c.date < $3 order by c.date, c.id limit ${limit}`;

export async function* scanCrashes(
  pool: PostgresPool,
  tables: Tables,
  registry: FieldRegistry,
  request: ScanRequest,
  options: CallOptions = {},
): AsyncGenerator<Row> {
  const names = request.columns.filter((name) => !EXTRA.has(name));
  const fields = await registry.find(names, options);
  const columns = request.columns.map((name) => columnOf(name, fields));
  const limit = names.length < columns.length ? PAGE_ROWS_WITH_EXTRAS : PAGE_ROWS;
  const sql = pageSql(tables, columns, limit);
  const to = bound(request.to);
  const page = (date: unknown, id: unknown) => pool.query(sql, [date, id, to], options);
  let pending = page(bound(request.from), '');
  for (;;) {
    const { rows } = await pending;
    const last = rows.at(-1);
    const ended = !last || rows.length < limit;
    if (!ended) {
      // Read while the caller works on this one. Should he stop, nobody asks how it went.
      pending = page(last['date'], last['id']);
      pending.catch(() => undefined);
    }
    for (const row of rows) yield rowOf(columns, row);
    if (ended) return;
  }
}

function rowOf(columns: readonly Column[], stored: Readonly<Record<string, unknown>>): Row {
  const row: Record<string, unknown> & { id: CrashId } = { id: stored['id'] as CrashId };
  for (const [i, column] of columns.entries()) row[column.name] = column.show(stored[`v_${i}`]);
  return row;
}
