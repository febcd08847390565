/** A preview as one file of HTML without scripts: to attach, or to put where reviewers see it. */
import type { Share } from '../../processor/resign/moves.ts';
import { html, type Markup } from '../../web/pages/markup.ts';
import { crashes, number, type Preview, type PreviewView, summary } from './preview.ts';

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #8886}
.n{text-align:right;white-space:nowrap}code,bdi{font-family:ui-monospace,monospace;overflow-wrap:anywhere}.stays{opacity:.7}.scroll{overflow-x:auto}`;

const signature = (name: string): Markup => (name === '' ? html`<i>empty</i>` : html`<bdi>${name}</bdi>`);

function examples(share: { readonly examples: Share['examples'] }, view: PreviewView): readonly Markup[] {
  return share.examples.map((id) => {
    const page = view.page(id);
    return page === undefined ? html`<code>${id}</code> ` : html`<a href="${page}"><code>${id}</code></a> `;
  });
}

const row = (share: Share, stays: string, view: PreviewView): Markup =>
  share.signature === stays
    ? html`<tr class="stays"><td class="n">${number(share.crashes)}</td><td>${signature(share.signature)}</td><td>stay</td></tr>`
    : html`<tr><td class="n">${number(share.crashes)}</td><td>${signature(share.signature)}</td><td>${examples(share, view)}</td></tr>`;

interface Group {
  readonly signature: string;
  readonly crashes: number;
  readonly shares: readonly Share[];
}

const HEAD = (what: string): Markup =>
  html`<thead><tr><th scope="col" class="n">Crashes</th><th scope="col">${what}</th><th scope="col">Examples</th></tr></thead>`;

const rest = (count: number): Markup | '' => (count > 0 ? html`<p>… and ${number(count)} more</p>` : '');

function section(title: string, what: string, groups: readonly Group[], view: PreviewView): Markup | '' {
  if (groups.length === 0) return '';
  return html`<h2>${title} (${number(groups.length)})</h2>
${groups.slice(0, view.limit).map(
  ({ signature: name, crashes: count, shares }) => html`<h3>${signature(name)}: ${crashes(count)}</h3>
<div class="scroll"><table aria-label="${what} ${name}">${HEAD(what)}<tbody>${shares.slice(0, view.limit).map((share) => row(share, name, view))}</tbody></table></div>
${rest(shares.length - view.limit)}`,
)}${rest(groups.length - view.limit)}`;
}

function moves({ moves: all }: Preview, view: PreviewView): Markup | '' {
  if (all.length === 0) return '';
  return html`<h2>Moves (${number(all.length)})</h2>
<div class="scroll"><table aria-label="Moves"><thead><tr><th scope="col" class="n">Crashes</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Examples</th></tr></thead>
<tbody>${all
    .slice(0, view.limit)
    .map(
      (move) =>
        html`<tr><td class="n">${number(move.crashes)}</td><td>${signature(move.from)}</td><td>${signature(move.to)}</td><td>${examples(move, view)}</td></tr>`,
    )}</tbody></table></div>${rest(all.length - view.limit)}`;
}

export function previewPage(preview: Preview, view: PreviewView): string {
  const merges = preview.merges.map(({ to, from, ...of }) => ({ signature: to, shares: from, ...of }));
  const splits = preview.splits.map(({ from, to, ...of }) => ({ signature: from, shares: to, ...of }));
  const [period, lists, ...said] = summary(preview);
  const body = html`<h1>What the lists would change</h1>
${said.map((line) => html`<p><strong>${line}</strong></p>`)}<p>${period}<br>${lists}</p>
${section('Merges', 'Signatures that become', merges, view)}
${section('Splits', 'Signatures that come of', splits, view)}
${moves(preview, view)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Preview of signatures</title><style>${STYLE}</style></head>
<body>${String(body)}</body></html>`;
}
