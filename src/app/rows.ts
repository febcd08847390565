/** Rows for people and for pipes: a table, CSV or JSON lines. */
import Table from 'cli-table3';
import { type CommandContext, UsageError } from './command.ts';

export type OutputRow = Readonly<Record<string, unknown>>;

const cell = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
const csvCell = (value: unknown): string => {
  const text = cell(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

function table(rows: readonly OutputRow[], columns: readonly string[]): string {
  const drawn = new Table({ head: [...columns], style: { head: [], border: [], compact: true } });
  for (const row of rows) drawn.push(columns.map((column) => cell(row[column])));
  return drawn.toString();
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
  else if (format === 'text') context.print(rows.length === 0 ? 'none' : table(rows, columns));
  else throw new UsageError(`--format is text, csv or json, not ${JSON.stringify(format)}`);
}
