/** The annotations tab: what the client sent, the part that the visitor may see. */
import type { RawCrash } from '../../model/report.ts';
import { annotationVisibility } from '../../search/annotation-visibility.ts';
import type { Viewer } from '../../search/permissions.ts';
import { plural, value } from './format.ts';
import { html, type Markup } from './markup.ts';

interface Annotation {
  readonly name: string;
  readonly value: string;
  readonly visibility: 'public' | 'protected';
}

export interface Annotations {
  readonly shown: readonly Annotation[];
  readonly hidden: number;
}

/** Undefined when the raw crash is not there. */
export function annotationsOf(raw: RawCrash | undefined, viewer: Viewer): Annotations | undefined {
  if (!raw) return undefined;
  const all = Object.entries(raw.annotations)
    .map(([name, text]) => ({ name, value: text, visibility: annotationVisibility(name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const shown = all.filter((a) => a.visibility === 'public' || viewer.permissions.has('view_protected'));
  return { shown, hidden: all.length - shown.length };
}

/** Says how much is not on the page; the head of the page says how it gets there. */
export const hiddenNotice = (count: number, what: string): Markup =>
  count === 0
    ? html``
    : html`<p class="note"><span class="badge protected">hidden</span> ${plural(count, what)} that may hold personal data.</p>`;

export function annotationsTab(annotations: Annotations | undefined, failure: string | undefined): Markup {
  if (!annotations)
    return html`<p class="failure" role="status">${failure ?? 'The raw crash has been removed; only its processed crash is left.'}</p>`;
  return html`${hiddenNotice(annotations.hidden, 'annotation')}
<div class="scroll"><table class="facts" aria-label="Annotations">
<thead><tr><th scope="col">Annotation</th><th scope="col">Value</th></tr></thead>
<tbody>${annotations.shown.map(
    (a) =>
      html`<tr><th scope="row"><bdi>${a.name}</bdi>${
        a.visibility === 'protected' ? html` <span class="badge protected">protected</span>` : ''
      }</th><td>${value(a.value)}</td></tr>`,
  )}</tbody></table></div>
${annotations.shown.length === 0 ? html`<p class="none">None that may be shown.</p>` : ''}`;
}
