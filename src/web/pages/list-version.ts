/** One version of the signature lists, with an anchor at each line. */
import { type BugReference, fileLines, readListText } from '../../signature/list-text.ts';
import { LIST_NAMES, type ListName, type ListTexts } from '../../signature/lists.ts';
import type { ListLine } from '../../signature/trace.ts';
import { plural } from './format.ts';
import type { Page } from './layout.ts';
import { html, type Markup, type Value } from './markup.ts';
import { webAddress } from './source-link.ts';

export const listsAddress = (digest: string): string => `/siglists/${digest}`;

const anchor = ({ list, line }: ListLine): string => `${list}:${line}`;

export const lineAddress = (digest: string, line: ListLine): string =>
  `${listsAddress(digest)}#${anchor(line)}`;

export const bugLinks = (bugs: readonly BugReference[]): Value =>
  bugs.map(({ text, url }) => {
    const address = url === undefined ? undefined : webAddress(url);
    return address ? html`<a href="${address}" rel="noreferrer">${text}</a> ` : html`${text} `;
  });

const ABOUT: Readonly<Record<ListName, string>> = {
  sentinels: 'Frames at which a stack begins: what is above the first of them is skipped.',
  irrelevant: 'Frames that say nothing about the cause: skipped.',
  prefix: 'Frames that are kept, and the next one is looked at as well.',
  trim: 'Modules of which only the name counts, equal neighbours once.',
  lineNumbers: 'Functions whose line number belongs to the signature.',
};

function listPart(file: string, name: ListName, text: string): Markup {
  const entries = new Map(readListText(text).map((entry) => [entry.line, entry]));
  const lines = fileLines(text);
  if (lines.at(-1) === '') lines.pop();
  return html`<h2 id="${file}">${file}</h2><p class="note">${ABOUT[name]} ${plural(entries.size, 'pattern')}.</p>
<ol class="listing" aria-label="Lines of ${file}">${lines.map((line, i) => {
    const id = anchor({ list: file, line: i + 1 });
    const entry = entries.get(i + 1);
    return html`<li id="${id}"><a class="n" href="#${id}">${i + 1}</a> <code class="${entry ? 'pattern' : 'none'}"><bdi>${line}</bdi></code> ${
      entry ? html`<small>${bugLinks(entry.bugs)}</small>` : ''
    }</li>`;
  })}</ol>`;
}

function usePart(digest: string, current: string | undefined): Markup | string {
  if (current === undefined) return '';
  return digest === current
    ? 'They are in use now.'
    : html`<a href="/siglists">The lists in use now</a> are others.`;
}

/** `current` is the digest of the lists in use, if that is known. */
export function listVersionPage(digest: string, texts: ListTexts, current: string | undefined): Page {
  return {
    title: `Signature lists ${digest.slice(0, 12)}`,
    body: html`<article><h1>Signature lists <code>${digest.slice(0, 12)}</code></h1>
<p class="note">As they were when they made the signatures that name them. SHA-256 <code>${digest}</code>. ${usePart(digest, current)}</p>
<nav aria-label="Lists" class="chips">${[...LIST_NAMES.keys()].map((file) => html`<a href="#${file}">${file}</a> `)}</nav>
${[...LIST_NAMES].map(([file, name]) => listPart(file, name, texts[name] ?? ''))}</article>`,
  };
}
