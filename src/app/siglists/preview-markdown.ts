/** A preview for a pull request. No tables: signatures are full of the bars that divide their cells. */
import { printable } from '../../lib/printable.ts';
import type { Share } from '../../processor/resign/moves.ts';
import { crashes, more, number, type Preview, type PreviewView, summary } from './preview.ts';

type Lines = readonly string[];

/** A code span whose fence is longer than any run of backticks in it. */
function code(name: string): string {
  const shown = printable(name);
  if (shown === '') return '*(empty)*';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

function links({ examples }: Pick<Share, 'examples'>, view: PreviewView): string {
  const all = examples.map((id) => {
    const page = view.page(id);
    return page === undefined ? `\`${id}\`` : `[${id.slice(0, 8)}](${page})`;
  });
  return all.length > 0 ? ` (${all.join(', ')})` : '';
}

function shares(all: readonly Share[], stays: string, word: string, view: PreviewView): Lines {
  const line = (one: Share): string =>
    one.signature === stays
      ? `${number(one.crashes)} stay`
      : `${number(one.crashes)} ${word} ${code(one.signature)}${links(one, view)}`;
  return [...all.slice(0, view.limit).map(line), ...more(all, view)].map((item) => `  - ${item}`);
}

function section(title: string, items: readonly Lines[], view: PreviewView): Lines {
  if (items.length === 0) return [];
  const cut = more(items, view).map((line) => `- ${line}`);
  return ['', `#### ${title} (${number(items.length)})`, '', ...items.slice(0, view.limit).flat(), ...cut];
}

export function markdown(preview: Preview, view: PreviewView): Lines {
  const [period = '', lists = '', verdict = '', ...rest] = summary(preview);
  const merges = preview.merges.map(({ to, from, ...of }) => [
    `- **${crashes(of.crashes)}** become ${code(to)}`,
    ...shares(from, to, 'from', view),
  ]);
  const splits = preview.splits.map(({ from, to, ...of }) => [
    `- **${crashes(of.crashes)}** of ${code(from)}`,
    ...shares(to, from, 'become', view),
  ]);
  const moves = preview.moves.map((move) => [
    `- **${crashes(move.crashes)}** from ${code(move.from)} to ${code(move.to)}${links(move, view)}`,
  ]);
  return [
    `### ${verdict}`,
    '',
    ...[period, lists, ...rest].map((line) => `- ${printable(line)}`),
    ...section('Merges', merges, view),
    ...section('Splits', splits, view),
    ...section('Moves', moves, view),
  ];
}
