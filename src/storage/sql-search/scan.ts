/** Every crash of a period, page by page. Where a page ends is a place in the index, not a number of rows. */
import type { CallOptions } from '../../model/report.ts';
import { knownField } from '../../search/known-fields.ts';
import type { SqlIndex } from './sql-index.ts';

/** Columns that are no fields: JSON text. */
const EXTRAS: ReadonlyMap<string, string> = new Map([
  ['signature_input', 'input'],
  ['signature_trace', 'trace'],
]);

export interface ScanColumn {
  readonly name: string;
  readonly sql: string;
  /** Input or trace of a signature. */
  readonly isExtra: boolean;
  show(stored: unknown): unknown;
}

const parsed = (stored: unknown): unknown =>
  stored === null ? null : (JSON.parse(String(stored)) as unknown);

/** The columns of these names. Rejects with `QueryError` `invalid` when there is no such field. */
export async function scanColumns(
  index: Pick<SqlIndex, 'dialect' | 'find'>,
  names: readonly string[],
  options: CallOptions,
): Promise<readonly ScanColumn[]> {
  const fields = await index.find(
    names.filter((name) => !EXTRAS.has(name)),
    options,
  );
  return names.map((name) => {
    const extra = EXTRAS.get(name);
    if (extra) return { name, sql: extra, isExtra: true, show: parsed };
    const field = knownField(fields, name);
    return { name, sql: `c."${field.column}"`, isExtra: false, show: index.dialect.show(field) };
  });
}

/** The last crash of a page. */
export interface Place {
  readonly date: string;
  readonly id: string;
}

export interface Page<R> {
  readonly rows: readonly R[];
  /** What the next page comes after; undefined when this was the last. */
  readonly end: Place | undefined;
}

/**
 * Pages of what comes after `from`, a date, in the order of date and id: whatever is saved or removed meanwhile, no
 * crash comes twice and none is passed over.
 */
export async function* pagesAfter<R>(
  from: string,
  read: (after: Place) => Promise<Page<R>>,
): AsyncGenerator<readonly R[]> {
  let pending = read({ date: from, id: '' });
  for (;;) {
    const { rows, end } = await pending;
    if (end) {
      // Read while the caller works on this one. Should he stop, nobody asks how it went.
      pending = read(end);
      pending.catch(() => undefined);
    }
    yield rows;
    if (!end) return;
  }
}
