/** How every bench command ends: a table for people, JSON under bench/results/ for comparison. */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';

/** One line of the table; keys are the columns, in the order of their first appearance. */
export type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

const shown = (value: Row[string]): string => {
  if (value === undefined || value === null) return '-';
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return value.toLocaleString('en-US', { maximumSignificantDigits: Math.abs(value) >= 1000 ? 5 : 4 });
};

/** Prints aligned columns; numbers to the right. */
export function printTable(rows: readonly Row[], title?: string): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => shown(row[column])));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((line) => line[i]?.length ?? 0)),
  );
  const numeric = columns.map((column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (numeric[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  if (title !== undefined) console.log(`\n${title}`);
  console.log(line(columns));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const texts of cells) console.log(line(texts));
}

/** Writes `bench/results/NAME.json` with the machine it was measured on; resolves with the file's path. */
export async function writeJson(name: string, results: unknown): Promise<string> {
  const folder = join(import.meta.dirname, '..', 'results');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  const machine = {
    cpu: os.cpus()[0]?.model,
    cores: os.cpus().length,
    memory_bytes: os.totalmem(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
  const report = { name, measured_at: new Date().toISOString(), machine, results };
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

/** The value below which `share` (0…1) of the sorted samples lie. */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number =>
  percentile(
    [...samples].sort((a, b) => a - b),
    0.5,
  );
