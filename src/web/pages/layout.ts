/** The frame around every page. */
import type { Assets } from '../assets.ts';
import { TOKEN_FIELD } from '../guard/guards.ts';
import { html, type Markup } from './markup.ts';

export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** The page asks for itself again after so many seconds. */
  readonly refreshSeconds?: number;
  /** What the quick search shows. */
  readonly query?: string;
}

export interface Frame {
  readonly assets: Assets;
  /** The visitor has opened a one-time link. */
  readonly known: boolean;
  readonly formToken: string;
  readonly version: string;
}

/** The field that each form carries. */
export const tokenField = (token: string): Markup =>
  html`<input type="hidden" name="${TOKEN_FIELD}" value="${token}">`;

function access(frame: Frame): Markup {
  if (!frame.known)
    return html`<a class="access" href="/open" title="Personal data, dumps and raw JSON are hidden">public view</a>`;
  return html`<form class="access" method="post" action="/logout">${tokenField(frame.formToken)}
<span class="badge protected">protected data shown</span> <button class="quiet">Log out</button></form>`;
}

export function layout(page: Page, frame: Frame): Markup {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
${page.refreshSeconds ? html`<meta http-equiv="refresh" content="${page.refreshSeconds}">` : ''}
<title>${page.title} · Auxilio</title>
<link rel="stylesheet" href="${frame.assets.style.url}">
<link rel="icon" type="image/svg+xml" href="${frame.assets.icon.url}">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="${frame.assets.icon.url}" alt="" width="20" height="20">Auxilio</a>
<form class="quick" role="search" action="/search/quick/">
<label class="unseen" for="quick">Crash id or signature</label>
<input id="quick" type="search" name="query" value="${page.query ?? ''}" placeholder="Crash id or signature" maxlength="1024" spellcheck="false" autocomplete="off">
<button>Find</button>
</form>
<nav aria-label="Site"><a href="/guide">Send crashes</a></nav>
${access(frame)}
</header>
<main id="main" tabindex="-1">
${page.body}
</main>
<footer>Auxilio ${frame.version}</footer>
</body>
</html>
`;
}
