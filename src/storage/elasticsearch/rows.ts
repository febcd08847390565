/** Rows of a scan: which parts of a document they need, and how they are made of it. */
import type { CrashId } from '../../model/crash-id.ts';
import { QueryError } from '../../search/errors.ts';
import { knownField } from '../../search/known-fields.ts';
import type { Row } from '../../search/query.ts';
import { shownValue, sourceOf } from './field-values.ts';
import type { Fields } from './index-template.ts';
import type { Hit } from './pages.ts';

/** Columns that are no fields; kept as JSON text. */
const EXTRAS: readonly string[] = ['signature_input', 'signature_trace'];

export const isExtra = (column: string): boolean => EXTRAS.includes(column);

/** The parts of a document that hold these columns. */
export const sourcesOf = (columns: readonly string[], fields: Fields): readonly string[] =>
  columns.flatMap((name) => (isExtra(name) ? [name] : sourceOf(knownField(fields, name))));

export function rowOf({ _id, _source = {} }: Hit, columns: readonly string[], fields: Fields): Row {
  const row: Record<string, unknown> & { id: CrashId } = { id: _id as CrashId };
  for (const name of columns) {
    if (!isExtra(name)) row[name] = shownValue(knownField(fields, name), _source);
    else {
      const text = _source[name];
      row[name] = typeof text === 'string' ? (JSON.parse(text) as unknown) : null;
    }
  }
  return row;
}

const FIRST_DATE = '0000-01-01T00:00:00.000Z';
const LAST_DATE = '9999-12-31T23:59:59.999Z';

/** Beyond the years 0 to 9999 ISO text gets a sign and longer; nothing we keep is there. */
export function boundOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new QueryError('invalid', 'the period has no valid date', ['date']);
  const text = date.toISOString();
  if (text.length === FIRST_DATE.length) return text;
  return text.startsWith('-') ? FIRST_DATE : LAST_DATE;
}
