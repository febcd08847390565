/** Rows for people and for pipes: a table, CSV or JSON lines. */
import Table from 'cli-table3';
import { printable } from '../lib/printable.ts';
import { parseCrashId } from '../model/crash-id.ts';
import { type CommandContext, UsageError } from './command.ts';

export type OutputRow = Readonly<Record<string, unknown>>;

const cell = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
const csvCell = (value: unknown): string => {
  const text = cell(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** No column is clipped to less than this. */
const LEAST = 12;

const textCell = (value: unknown): string => printable(cell(value).replaceAll(/\s*\n\s*/g, ' '));

/** What people copy is worth nothing in part. */
const isCopied = (text: string): boolean =>
  text === '' || parseCrashId(text) !== undefined || /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text);

function draw(rows: readonly OutputRow[], columns: readonly string[], colWidths: readonly number[]): string {
  const drawn = new Table({
    head: [...columns],
    colWidths: [...colWidths],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) drawn.push(columns.map((column) => textCell(row[column])));
  return drawn.toString();
}

/** Widths at which a row fits, if it can: the widest column gives way first, those in `isFixed` never. */
function fitting(natural: readonly number[], isFixed: readonly boolean[], columns: number): number[] {
  const free = natural.filter((_, i) => !isFixed[i]).toSorted((a, b) => a - b);
  const fixed = natural.filter((_, i) => isFixed[i]);
  let room = columns - fixed.reduce((sum, width) => sum + width, natural.length + 1);
  let cap = LEAST;
  for (const [i, width] of free.entries()) {
    cap = Math.max(LEAST, Math.floor(room / (free.length - i)));
    if (width > cap) break;
    room -= width;
  }
  return natural.map((width, i) => (isFixed[i] ? width : Math.min(width, cap)));
}

/** `width`: columns of the terminal, if it is one. */
function table(rows: readonly OutputRow[], columns: readonly string[], width: number | undefined): string {
  const whole = draw(rows, columns, []);
  // `┌────┬──┐`: as wide as the table, and a character is a column.
  const border = whole.slice(0, whole.indexOf('\n'));
  if (width === undefined || border.length <= width) return whole;
  const natural = border
    .slice(1, -1)
    .split('┬')
    .map((part) => part.length);
  const isFixed = columns.map((column) => rows.every((row) => isCopied(cell(row[column]))));
  return draw(rows, columns, fitting(natural, isFixed, width));
}

/** `1 task`, `2 tasks`. */
export const counted = (count: number, word: string, words = `${word}s`): string =>
  `${count} ${count === 1 ? word : words}`;

/** Prints rows as the command's `--format` says. */
export function printRows(context: CommandContext, rows: readonly OutputRow[]): void {
  const { format } = context.options;
  const columns = Object.keys(rows[0] ?? {});
  if (format === 'json') context.print(JSON.stringify(rows, null, 2));
  else if (format === 'csv')
    for (const row of [columns, ...rows.map((r) => columns.map((c) => r[c]))])
      context.print(row.map(csvCell).join(','));
  else if (format === 'text')
    context.print(rows.length === 0 ? 'none' : table(rows, columns, context.columns));
  else throw new UsageError(`--format is text, csv or json, not ${JSON.stringify(format)}`);
}
