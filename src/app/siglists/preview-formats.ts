/** A preview for a terminal, a spreadsheet, a pull request and a program. */
import { printable } from '../../lib/printable.ts';
import type { Share } from '../../processor/resign/moves.ts';
import { crashes, more, number, type Preview, type PreviewView, summary } from './preview.ts';
import { markdown } from './preview-markdown.ts';
import { previewPage } from './preview-page.ts';

type Lines = readonly string[];
type Write = (preview: Preview, view: PreviewView) => Lines;

const text: Write = (preview, view) => {
  const signature = (name: string): string => (name === '' ? '(empty)' : printable(name));
  const share = (stays: string) => (one: Share) => {
    const examples = one.signature === stays ? '  (stays)' : `  ${one.examples.join(' ')}`;
    return `${number(one.crashes).padStart(10)}  ${signature(one.signature)}${examples}`;
  };
  const { limit } = view;
  return [
    ...summary(preview),
    ...preview.merges
      .slice(0, limit)
      .flatMap(({ to, from, ...of }) => [
        '',
        `MERGE ${crashes(of.crashes)} into  ${signature(to)}`,
        ...from.slice(0, limit).map(share(to)),
        ...more(from, view),
      ]),
    ...more(preview.merges, view),
    ...preview.splits
      .slice(0, limit)
      .flatMap(({ from, to, ...of }) => [
        '',
        `SPLIT ${crashes(of.crashes)} of  ${signature(from)}`,
        ...to.slice(0, limit).map(share(from)),
        ...more(to, view),
      ]),
    ...more(preview.splits, view),
    ...preview.moves
      .slice(0, limit)
      .flatMap(({ from, to, examples, ...of }) => [
        '',
        `MOVE  ${crashes(of.crashes)}  ${examples.join(' ')}`,
        `      from  ${signature(from)}`,
        `      to    ${signature(to)}`,
      ]),
    ...more(preview.moves, view),
  ];
};

const csvLine = (cells: readonly (string | number)[]): string =>
  cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',');

const csv: Write = ({ merges, splits, moves }) => [
  csvLine(['kind', 'old', 'new', 'crashes', 'examples']),
  ...merges.flatMap(({ to, from }) =>
    from.map((one) => csvLine(['merge', one.signature, to, one.crashes, one.examples.join(' ')])),
  ),
  ...splits.flatMap(({ from, to }) =>
    to.map((one) => csvLine(['split', from, one.signature, one.crashes, one.examples.join(' ')])),
  ),
  ...moves.map((move) => csvLine(['move', move.from, move.to, move.crashes, move.examples.join(' ')])),
];

const json: Write = (preview) => [JSON.stringify(preview, null, 2)];

export const PREVIEW_FORMATS: ReadonlyMap<string, Write> = new Map([
  ['text', text],
  ['csv', csv],
  ['markdown', markdown],
  ['html', (preview, view) => [previewPage(preview, view)]],
  ['json', json],
]);
