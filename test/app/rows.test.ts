/** Tables: a row fits the terminal; what is piped is whole. */
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/app/command.ts';
import { type OutputRow, printRows } from '../../src/app/rows.ts';

const ID = '0bba929f-8721-460c-8e70-a43c90261121';
const TIME = '2026-11-21T00:00:00.000Z';
const LONG = 'Editor'.repeat(60);

function printed(rows: readonly OutputRow[], columns: number | undefined, format = 'text'): string {
  let out = '';
  const print = (text: string): void => {
    out += `${text}\n`;
  };
  printRows({ columns, options: { format }, print } as unknown as CommandContext, rows);
  return out.trimEnd();
}

const widths = (table: string): readonly number[] => [
  ...new Set(table.split('\n').map((line) => line.length)),
];

const outcome = {
  outcome: 'accepted',
  product: LONG,
  channel: 'release',
  reason: 'a reason of some length',
  count: 3,
};

describe('a table', () => {
  it.each([60, 80, 132])('fits a terminal of %i columns: the longest text is clipped', (columns) => {
    const table = printed([outcome, { ...outcome, product: 'Short' }], columns);
    const [width = 0, ...others] = widths(table);
    expect(others).toEqual([]);
    // Two columns that share the room may leave one over.
    expect(columns - width).toBeOneOf([0, 1]);
    expect(table).toMatch(/│ Editor[Editor]*… │/);
    for (const whole of [
      'accepted',
      'release',
      columns > 80 ? 'a reason of some length' : 'a reason',
      'Short',
    ])
      expect(table).toContain(` ${whole}`);
  });

  it('shares what is left among several long texts, and gives a shorter one what it needs', () => {
    const table = printed([{ a: LONG, b: LONG, c: 'c'.repeat(30) }], 120);
    expect(Math.abs((widths(table)[0] ?? 0) - 120)).toBeLessThanOrEqual(1);
    expect(table.match(/…/g)).toHaveLength(2);
    expect(table).toContain('c'.repeat(30));
  });

  it('never clips ids and times, which people copy, even where the row cannot fit', () => {
    const dead = { crash_id: ID, died_at: TIME, reason: LONG, found: null };
    const table = printed([dead, { ...dead, crash_id: null }], 40);
    expect(table).toContain(ID);
    expect(table).toContain(TIME);
    expect(table).toContain('EditorEdi…');
  });

  it.each(['text', 'csv', 'json'])('is whole in a pipe as %s', (format) => {
    expect(printed([outcome], undefined, format)).toContain(LONG);
    if (format !== 'text') expect(printed([outcome], 40, format)).toContain(LONG);
  });

  it('moves no cursor and keeps a row one line', () => {
    const table = printed([{ product: 'red \u001b[31m', reason: 'one\n  two' }], undefined);
    expect(table).toContain('red [U+001B][31m');
    expect(table).toContain('one two');
    expect(table.split('\n')).toHaveLength(5);
  });
});
