/** Bugs that name the signature of a crash. */
import type { BugLink } from '../deps.ts';
import { html, type Markup } from './markup.ts';
import type { Result } from './overview.ts';

/** More are no help on this page. */
const SHOWN = 20;

const bug = ({ tracker, bug: name, url, title, isOpen }: BugLink): Markup =>
  html`<li><a href="${url}" rel="noreferrer">${tracker} ${name}</a>${isOpen ? '' : html` <span class="badge">closed</span>`}${title ? html` <bdi>${title}</bdi>` : ''}</li>`;

/** Nothing where there are none. */
export function bugList(bugs: Result<readonly BugLink[]> | undefined): Markup {
  if (bugs === undefined) return html``;
  if (!bugs.ok) return html`<p class="failure" role="status">${bugs.failure}</p>`;
  if (bugs.value.length === 0) return html``;
  const more = bugs.value.length - SHOWN;
  return html`<section aria-labelledby="bugs"><h2 id="bugs">Bugs</h2><ul class="bugs">${bugs.value
    .slice(0, SHOWN)
    .map(bug)}</ul>${more > 0 ? html`<p>and ${more} more</p>` : ''}</section>`;
}
